"""Fuzz tests: how many cases they generate, 10,000 in all or what ``--fuzz-cases`` says."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import HealthCheck, given, settings

DEFAULT_CASES = 10_000


class Cases:
    """Cases that all fuzz tests together are to generate, share out, and have generated."""

    wanted = DEFAULT_CASES
    run = 0
    shares: ClassVar[
        dict[object, int]
    ] = {}  # by the place of the test, which may be imported twice


def fuzz(share: int, **strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As `hypothesis.given`, with `share` of the 10,000 cases; the share grows with the option.

    The 10,000 are the same on every run, so that a failure is caused by a change. Those of another
    number are new each time.
    """

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        code = check.__code__
        Cases.shares[code.co_filename, code.co_firstlineno] = share

        @functools.wraps(check)
        def counted(*arguments: Any, **options: Any) -> None:
            Cases.run += 1
            check(*arguments, **options)

        chosen = settings(
            max_examples=max(1, share * Cases.wanted // DEFAULT_CASES),
            deadline=None,
            derandomize=Cases.wanted == DEFAULT_CASES,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        )
        return chosen(given(**strategies)(counted))

    return decorate
