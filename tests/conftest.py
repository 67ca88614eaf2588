"""Tests of all implementations are skipped where an implementation cannot store the data.

A browser and a page in it are fixtures, whose modules are imported by the tests that ask for them.
"""

import pytest

import impls


@pytest.fixture(scope="module")
def chromium():
    """A browser."""
    from tests._browser import browser

    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of made-up results."""
    from tests._paged import all_rows, write

    return write(tmp_path_factory.mktemp("page") / "index.html", all_rows())


@pytest.fixture
def page(chromium, page_file):
    """The page in a browser, which must not complain."""
    from tests._browser import Opened

    opened = Opened(chromium, page_file)
    yield opened
    opened.close()
    assert not opened.complaints


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip a test whose data are Unfit; refusals have tests of their own."""
    try:
        return (yield)
    except impls.Unfit as reason:
        if item.module.__name__.endswith("test_storage"):
            raise
        pytest.skip(str(reason))
