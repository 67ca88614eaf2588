"""Cells whose X stays in a file: what contenders get, who takes part, and how they are listed."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import impls
from benchmarks import _plan, datasets
from benchmarks._own import folder
from benchmarks._session import in_files, inputs, journal, session, worker
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data, in_file
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.measured import BASELINE, TWIN
from benchmarks._session.process import Out
from benchmarks._session.session import Job
from scripts._measured.results import subject_of
from tests._planting import plant

SETTINGS = Settings("logistic", (), 1, rounds=1, limited=False, warm_seconds=0)
SIZE = 3000, 10
# It says what it is given by refusing it.
TELLS = """
import numpy as np
import impls
from impls.logistic.matrix import gradient
KERNEL = "matrix"


def prepare(X, y, kernel):
    raise impls.Unfit(f"X is a {type(X).__name__} of mode {X.mode}")
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """What a session has written of some contenders on a file."""
    path = tmp_path_factory.mktemp("session") / "journal.jsonl"
    planted = tmp_path_factory.mktemp("contenders")
    names = ("memmap_stream", "dask_blocks", "fused", "chunked", "float32", "tells")
    with pytest.MonkeyPatch.context() as monkeypatch:
        plant("logistic", {"tells": TELLS}, planted, monkeypatch)
        kept = Journal(path, Source("a" * 40, "environment", "1"), "digest")
        job = Job(in_file("logistic", *SIZE), names)
        session.run([job], replace(SETTINGS), kept, Known(), 1)
    return journal.read(path)


def cell(known, name):
    return known.cells[in_file("logistic", *SIZE), name][-1]


@pytest.mark.parametrize("name", [BASELINE, TWIN, "memmap_stream", "dask_blocks", "fused"])
def test_who_computes_on_a_file_has_a_time(known, name):
    found = cell(known, name)
    assert (found.state, found.shape) == ("ok", SIZE)
    assert name in known.rounds[found.measurement, found.data][0].seconds


def test_the_blocks_of_dask_alone_are_a_copy(known):
    n_bytes = 8 * SIZE[0] * SIZE[1]
    prepared = {n: cell(known, n).costs["prepared"] for n in ("dask_blocks", "memmap_stream")}
    assert prepared["memmap_stream"] < n_bytes / 2 < prepared["dask_blocks"]


@pytest.mark.parametrize("name", ["chunked", "float32"])
def test_who_does_not_is_told_who_computes_with_it(known, name):
    found = cell(known, name)
    assert found.state == "skipped"
    assert found.reason == (
        f"X is in a file: dask_blocks:{name} and memmap_stream:{name} compute with it on blocks of "
        "rows"
    )
    for blocks in ("dask_blocks", "memmap_stream"):
        assert impls.load("logistic", f"{blocks}:{name}")


def test_an_implementation_for_blocks_gets_the_file_itself(known):
    assert cell(known, "tells").reason == "X is a memmap of mode r"


def test_a_kernel_gets_the_file_mapped_and_writable_as_its_compiled_code_expects():
    with inputs.on_disk(in_file("logistic", *SIZE)) as data:
        contender = worker.Contender({"problem": "logistic", "name": "fused", "threads": 1})
        contender.implementation = impls.load("logistic", "fused")
        _, X, _ = contender._read_mapped(data.files)
        assert isinstance(X.base, np.memmap)
        assert type(X) is np.ndarray
        assert X.flags.writeable
        X[:] = 0  # which stays here
        assert np.load(data.files["X"]).any()


@pytest.mark.parametrize("problem", impls.problems())
def test_a_kernel_of_blocks_takes_a_file_unless_it_copies(problem):
    kernels = in_files.kernels_of(problem)
    assert kernels["memmap_stream"] == "fused"
    assert not in_files.reason_against(problem, "fused", {"copies": 0.0})
    assert in_files.reason_against(problem, "fused", {"copies": 0.5})
    assert not in_files.reason_against(problem, "mine", {"copies": 1.0, "kernel": "fused"})


def test_the_file_is_no_shared_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "gettempdir", lambda: str(tmp_path))
    with inputs.on_disk(in_file("logistic", *SIZE)) as data:
        if data.files["X"].startswith("/proc"):
            assert str(Path(data.files["X"]).readlink()).startswith(str(tmp_path))
    assert not [*tmp_path.iterdir()]


def test_a_disk_without_room_is_a_reason(monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(inputs.shutil, "disk_usage", lambda _: usage(10**8))
    data = in_file("logistic", *SIZE)
    with pytest.raises(Out, match=r"a file of X needs 0\.11 GB .*0\.10 GB are free.*TMPDIR"):
        inputs.on_disk(data).__enter__()


# What is planned and listed


def test_files_come_last_for_the_problems_of_a_preset():
    preset = _plan.Preset(((10, 10),), (), 0, 1, 1, 0.0, 0.001, ((30, 4), (20, 3)), ("linear",))
    titles = [job.data.title for job in _plan.jobs(preset, "linear", ["a"])]
    assert titles == ["diabetes", "10 x 10", "file of 20 x 3", "file of 30 x 4"]
    assert not _plan.files(preset, "logistic")
    assert _plan.files(replace(preset, files_of=()), "logistic")


@pytest.mark.parametrize("problem", impls.problems())
def test_asv_lists_the_files_of_every_preset(problem, monkeypatch):
    monkeypatch.setenv("GRADMARK_LISTED_PRESET", "full")
    listed = datasets._Datasets.list_params(problem)[1]
    for preset in _plan.presets().values():
        assert {data.dataset for data in _plan.files(preset, problem)} <= set(listed)
    assert "file of 200,000 x 100" in listed


def test_every_usual_preset_has_a_file_that_blocks_are_meant_for():
    presets = _plan.presets()
    for name in ("quick", "standard", "full"):
        (data, *_) = _plan.files(presets[name], "logistic")
        blocks = impls.load("logistic", "memmap_stream")
        assert blocks.reason_to_skip(data.n_samples, data.n_features) is None


def test_no_file_of_the_users_has_such_a_name():
    assert not folder._is_name(in_file("linear", 1000, 10).dataset)


def test_its_value_depends_on_no_module_of_data_sets():
    assert subject_of(in_file("sigmoid_net", *SIZE), "fused").dataset == ""
    assert subject_of(Data("linear", dataset="diabetes"), "fused").dataset == "diabetes"
