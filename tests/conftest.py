"""What cannot be had here, or not be stored, is no failure of a test for the whole table."""

import pytest

import impls


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """A fixture may load an implementation."""
    return (yield from run_or_skip(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test may, too, and prepares data."""
    return (yield from run_or_skip(item))


def run_or_skip(item):
    """Skip where a package is missing or data do not fit; what is refused has tests of its own."""
    try:
        return (yield)
    except (impls.Unavailable, impls.Unfit) as reason:
        if item.module.__name__.endswith("test_storage"):
            raise
        pytest.skip(str(reason))
