"""Loading implementations for tests that cover all of them."""

import functools

import pytest

import impls
from impls import _table


def installed(problem):
    """Names of the implementations whose packages are installed, for `parametrize`.

    The others are skipped once, by `test_kernels.test_an_implementation_can_be_loaded`, and not by
    each of some thousand tests.
    """
    names = impls.names(problem)
    return [name for name in names if not _table.missing_package(problem, name)]


IMPLEMENTATIONS = [(problem, name) for problem in impls.problems() for name in installed(problem)]


def load_or_skip(problem, name):
    """Load an implementation; skip the test if a package that it needs is not installed."""
    if reason := _reason_against(problem, name):
        pytest.skip(reason)
    return impls.load(problem, name)


@functools.cache
def _reason_against(problem, name):
    """Looking for a package takes 8 ms, and thousands of tests do."""
    try:
        impls.load(problem, name)
    except impls.Unavailable as error:
        return str(error)
    return ""
