"""Findings as tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from matplotlib.figure import Figure

from impls._blocks.sums import FAN_IN
from scripts._common import units
from scripts._common.records import Facts
from scripts._experiments import Outcome, TextTable
from scripts._figures._panels import Line, Panel, Scale, draw_panels
from scripts._scale import disk, workers
from scripts._scale.model import depth

_PROJECTED = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
_SECONDS = Scale("time of a call", units.seconds, log=True)
_WORKERS = Scale("workers", lambda n: f"{n:g}", log=True)


def of_workers(found: workers.Findings) -> Outcome:
    """Calls on a cluster, and the model beside them."""
    rows = [_row(found, cell) for cell in found.cells]
    tables = [_cells_table(found), _model_table(found), _projection_table(found)]
    return Outcome(tables, {"scale-workers": lambda facts: _draw_workers(found, facts)}, rows=rows)


def of_disk(found: disk.Findings) -> Outcome:
    """The stream beside a plain read."""
    rows = [
        {
            "cache": rate.cache,
            "round": k,
            "read": read,
            "read_together": together,
            "gradient": stream,
            "unit": "B/s",
        }
        for rate in found.rates
        for k, (read, together, stream) in enumerate(
            zip(rate.read, rate.together, rate.stream, strict=True)
        )
    ]
    return Outcome(
        [_disk_table(found)], {"scale-disk": lambda facts: _draw_disk(found, facts)}, rows=rows
    )


def _row(found: workers.Findings, cell: workers.Cell) -> Mapping[str, object]:
    return {
        "growth": cell.growth,
        "n_workers": cell.n_workers,
        "n_samples": cell.n_samples,
        "x_bytes": cell.x_bytes,
        "seconds": median(cell.seconds),
        "local_seconds": median(cell.local_seconds),
        "overhead": cell.overhead,
        "model_seconds": _modelled(found, cell),
        "compute_seconds": cell.compute_seconds,
        "fixed_seconds": found.overheads[cell.n_workers],
        "wire_bytes": cell.wire_bytes,
        "error": cell.error,
    }


def _modelled(found: workers.Findings, cell: workers.Cell) -> float:
    return found.model.seconds(cell.n_workers, cell.x_bytes / cell.n_workers)


def _cells_table(found: workers.Findings) -> TextTable:
    plan = found.plan
    headers = [
        *("growth", "workers", "X", "call", "kernel here", "overhead", "model", "model / call"),
        *("over the wire", "per worker", "error"),
    ]
    rows = [_cells_row(found, cell) for cell in found.cells]
    note = (
        f"`{plan.kernel}` on each block, {plan.n_features:,} features, {plan.threads} thread(s) a "
        "worker; the kernel here has as many threads as all workers together, in the same rounds. "
        "Overhead: median ratio of both, less 1. Over the wire: bytes over loopback for a call, "
        "the cluster's own messages included. Error: largest difference from the kernel here."
    )
    return TextTable(f"Calls on workers, {plan.problem}", headers, rows, note)


def _cells_row(found: workers.Findings, cell: workers.Cell) -> list[str]:
    seconds, wire = median(cell.seconds), cell.wire_bytes
    model = _modelled(found, cell)
    return [
        cell.growth,
        str(cell.n_workers),
        units.n_bytes(cell.x_bytes),
        units.seconds(seconds),
        units.seconds(median(cell.local_seconds)),
        f"{cell.overhead:+.1%}",
        units.seconds(model),
        units.ratio(model / seconds, 2),
        units.NO_VALUE if wire is None else units.n_bytes(wire),
        units.NO_VALUE if wire is None else units.n_bytes(wire / cell.n_workers),
        units.error(cell.error),
    ]


def _model_table(found: workers.Findings) -> TextTable:
    model = found.model
    rows = [
        [f"bandwidth of a worker, {n} at once", units.gigabytes_per_second(bandwidth / 1e9)]
        for n, bandwidth in model.bandwidths.items()
    ]
    rows += [
        ["latency of a call that does nothing", units.seconds(model.latency_seconds)],
        ["fixed cost of a call", units.seconds(model.fixed_seconds)],
        ["and for each worker", units.seconds(model.seconds_per_worker)],
    ]
    rows += [
        [f"call on a few rows, {n} worker(s)", units.seconds(value)]
        for n, value in found.overheads.items()
    ]
    note = (
        "seconds = block bytes / bandwidth + fixed cost + asked * cost of each + tree depth * "
        f"(latency + {FAN_IN} * cost of each). This process asks {FAN_IN} workers at most; each of "
        f"them asks {FAN_IN} others, and so on."
    )
    return TextTable("Model", ["parameter", "measured"], rows, note)


def _projection_table(found: workers.Findings) -> TextTable:
    plan, model = found.plan, found.model
    block = plan.x_bytes / max(plan.n_workers)
    most = max(plan.n_workers)
    rows = [
        [
            f"{n:,}",
            units.n_bytes(block * n),
            units.seconds(model.seconds(n, block, one_machine=False)),
            f"{model.overhead_seconds(n) / model.seconds(n, block, one_machine=False):.0%}",
            str(depth(n)),
            "" if n <= most else "projection",
        ]
        for n in _PROJECTED
    ]
    note = (
        "Weak growth by the model, each worker on a machine of its own: "
        f"{units.n_bytes(block)} a worker, at the bandwidth of one. Nothing beyond "
        f"{most} workers was measured, and no network between machines."
    )
    headers = ["workers", "X", "call", "of it overhead", "tree depth", ""]
    return TextTable("Projection", headers, rows, note)


def _draw_workers(found: workers.Findings, facts: Facts) -> Figure:
    plan, panels = found.plan, []
    for growth in ("strong", "weak"):
        cells = [cell for cell in found.cells if cell.growth == growth]
        counts = [cell.n_workers for cell in cells]
        beyond = [n for n in _PROJECTED if n > max(counts)]
        curves = [  # what was measured comes last, on top of the model that it checks
            Line("projection: a machine each", beyond, _projected(found, growth, beyond)),
            Line("model", counts, [_modelled(found, cell) for cell in cells]),
            Line("measured", counts, [median(cell.seconds) for cell in cells]),
        ]
        whole = units.n_bytes(plan.x_bytes)
        block = units.n_bytes(plan.x_bytes / max(plan.n_workers))
        title = f"strong: X of {whole}" if growth == "strong" else f"weak: {block} a worker"
        panels.append(Panel(title, _WORKERS, _SECONDS, curves))
    note = "The projection is the model's, with the bandwidth of one worker; it was not measured."
    title = f"{plan.problem}: a gradient on workers of a cluster, {plan.kernel} on each block"
    return draw_panels(title, [panels], facts, note)


def _projected(found: workers.Findings, growth: str, counts: Sequence[int]) -> list[float]:
    plan, model = found.plan, found.model
    blocks = [plan.x_bytes / (n if growth == "strong" else max(plan.n_workers)) for n in counts]
    return [
        model.seconds(n, block, one_machine=False) for n, block in zip(counts, blocks, strict=True)
    ]


def _disk_table(found: disk.Findings) -> TextTable:
    plan = found.plan
    rows = [
        [
            rate.cache,
            units.gigabytes_per_second(median(rate.read) / 1e9),
            units.gigabytes_per_second(median(rate.together) / 1e9),
            units.gigabytes_per_second(median(rate.stream) / 1e9),
            units.ratio(rate.fraction, 2),
            units.ratio(rate.fraction_of_together, 2),
            str(len(rate.read)),
        ]
        for rate in found.rates
    ]
    note = (
        f"`memmap_stream:{plan.kernel}` on a file of {units.n_bytes(plan.x_bytes)}, "
        f"{plan.n_samples:,} x {plan.n_features:,} {plan.dtype}; beside it one thread that reads "
        "the file from its beginning to its end into a buffer that stays in cache, and as many "
        "threads as the gradient has, each a part of the file, in the same rounds; ratios are "
        "medians over the rounds. Warm: the file is in the "
        "system's cache as far as memory holds it; cold: its pages were dropped before each. Peak "
        f"of resident memory above the interpreter: {units.n_bytes(found.peak_bytes)}. Largest "
        f"difference from the kernel in memory: {units.error(found.error)}."
    )
    headers = [
        "cache",
        "read",
        "read together",
        "gradient",
        "gradient / read",
        "/ together",
        "rounds",
    ]
    return TextTable(f"X on disk, {plan.problem}", headers, rows, note)


def _draw_disk(found: disk.Findings, facts: Facts) -> Figure:
    times = [seconds for seconds, _ in found.memory]
    memory = [max(0, n_bytes - found.base_bytes) for _, n_bytes in found.memory]
    size = units.n_bytes(found.plan.x_bytes)
    panel = Panel(
        f"a file of {size}",
        Scale("time", units.seconds),
        Scale("resident memory above the interpreter", units.n_bytes),
        [Line(f"memmap_stream:{found.plan.kernel}", times, memory)],
        {"512 MB": 512e6},
    )
    note = "From the process's start: imports and compilation first, then each pass over the file."
    title = f"{found.plan.problem}: memory while X on disk passes by"
    return draw_panels(title, [[panel]], facts, note)
