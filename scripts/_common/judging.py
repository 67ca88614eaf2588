"""Judging an implementation, named or given as a file, in a process that ends with the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

import impls
from benchmarks._session.judging import Batch, Findings, judge_batches
from benchmarks._session.process import Out
from scripts._common import isolated


def judge(
    problem: str, source: str | Path, batches: Sequence[Batch], may_refuse: bool = False
) -> Findings:
    """Check an implementation on the batches, all of which it may refuse or not."""
    findings = Findings(source.stem.lstrip("_") if isinstance(source, Path) else source)
    try:
        with isolated.started(problem, source) as process, suppress(Out):
            findings.limit = isolated.load(process)["rtol"]
            judge_batches(findings, process, batches)
            if not may_refuse and np.isnan(list(findings.errors.values())).all():
                findings.problems.append("it refuses every batch")
    except impls.Unavailable as error:
        findings.unavailable = str(error)
    except impls.TableError as error:
        findings.problems.append(str(error))
    return findings
