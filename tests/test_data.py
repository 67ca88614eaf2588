"""Seeded and real data, and what the machine allows."""

import json
import os
import subprocess
import sys
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import impls
from impls import _machine
from tests._loading import load_or_skip

SHAPES = {"breast_cancer": (569, 31), "digits_even_odd": (1797, 65)}
REAL = [(problem, name) for problem in impls.problems() for name in impls.datasets(problem)]


def same(batch, other) -> bool:
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(batch, other, strict=True))


# Seeded data


@pytest.mark.parametrize("problem", impls.problems())
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (50, 3)])
def test_sizes_and_memory(problem, size):
    weights, X, y = impls.make(problem, *size)
    assert X.shape == size
    assert len(y) == size[0]
    assert weights.dtype == X.dtype == np.float64
    assert all(array.flags.c_contiguous and array.flags.writeable for array in (weights, X, y))
    assert all(np.all(np.isfinite(array)) for array in (weights, X, y))
    assert impls.reference(problem, weights, X, y).shape == weights.shape


@pytest.mark.parametrize("problem", impls.problems())
def test_a_seed_gives_the_same_data(problem):
    assert same(impls.make(problem, 50, 3, seed=4), impls.make(problem, 50, 3, seed=4))
    assert same(impls.make(problem, 50, 3), impls.make(problem, 50, 3, seed=0))


@pytest.mark.parametrize("problem", impls.problems())
def test_another_seed_gives_other_data(problem):
    batch, other = impls.make(problem, 50, 3, seed=0), impls.make(problem, 50, 3, seed=1)
    assert not any(np.array_equal(mine, its) for mine, its in zip(batch, other, strict=True))


@pytest.mark.parametrize("problem", impls.problems())
def test_data_vary(problem):
    weights, X, y = impls.make(problem, 50, 3)
    assert len(np.unique(X)) == X.size
    assert len(np.unique(weights)) == weights.size
    assert len(np.unique(y)) > 1


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (-1, 3), (3, -2)])
@pytest.mark.parametrize("problem", impls.problems())
def test_sizes_below_one_are_refused(problem, sizes):
    name, size = ("n_samples", sizes[0]) if sizes[0] < 1 else ("n_features", sizes[1])
    with pytest.raises(ValueError, match=f"^{name} is {size}, expected at least 1$"):
        impls.make(problem, *sizes)


def test_logistic_shapes():
    weights, X, y = impls.make("logistic", 7, 3)
    assert (weights.shape, X.shape, y.shape) == ((3,), (7, 3), (7,))
    assert y.dtype == np.float64


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n_samples", [50, 500])
def test_logistic_labels_are_both(seed, n_samples):
    y = impls.make("logistic", n_samples, 3, seed)[2]
    assert set(y) == {0.0, 1.0}
    # Six standard deviations of a fair coin.
    assert abs(y.mean() - 0.5) < 6 * 0.5 / np.sqrt(n_samples)


@pytest.mark.parametrize("seed", range(5))
def test_logistic_columns_have_mean_0_and_variance_1(seed):
    X = impls.make("logistic", 10_000, 20, seed)[1]
    # Six standard deviations: 1 / sqrt(n) of the mean, sqrt(4/5 / n) of a uniform's variance.
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(X.var(axis=0), 1, atol=0.054)


@pytest.mark.parametrize("n_features", [10, 1000])
def test_logistic_inner_products_stay_near_1(n_features):
    """Whatever the number of features, so that the sigmoid is neither flat nor linear."""
    weights, X, _ = impls.make("logistic", 1000, n_features)
    assert 0.2 < (X @ weights).var() < 5


# Real data


def load_real(problem, name):
    try:
        return impls.dataset(problem, name)
    except impls.Unavailable as error:
        pytest.skip(str(error))


def test_datasets_are_sorted():
    assert set(SHAPES) <= set(impls.datasets("logistic"))
    for problem in impls.problems():
        assert list(impls.datasets(problem)) == sorted(impls.datasets(problem))


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_real_data_of_the_logistic_problem(name, shape):
    weights, X, y = load_real("logistic", name)
    assert (weights.shape, X.shape, y.shape) == (shape[1:], shape, shape[:1])
    assert weights.dtype == X.dtype == y.dtype == np.float64
    assert all(array.flags.c_contiguous for array in (weights, X, y))
    assert set(y) == {0.0, 1.0}


@pytest.mark.parametrize("name", SHAPES)
def test_real_features_are_standardised_behind_an_intercept(name):
    X = load_real("logistic", name)[1]
    np.testing.assert_array_equal(X[:, 0], 1)
    features = X[:, 1:]
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-12)
    constant = np.all(features == 0, axis=0)
    np.testing.assert_allclose(features[:, ~constant].var(axis=0), 1, rtol=1e-12)
    assert np.count_nonzero(~constant) > 0.9 * features.shape[1]


@pytest.mark.parametrize(("problem", "name"), REAL)
def test_real_data_are_the_same_every_time(problem, name):
    assert same(load_real(problem, name), load_real(problem, name))


def test_odd_digits_are_the_ones():
    y = load_real("logistic", "digits_even_odd")[2]
    # scikit-learn's images begin with the digits 0 to 9 in order.
    assert list(y[:10]) == [0, 1] * 5


@pytest.mark.parametrize(
    ("problem", "name", "implementation"),
    [(*real, name) for real in REAL for name in impls.names(real[0])],
)
def test_implementations_on_real_data(problem, name, implementation):
    weights, X, y = load_real(problem, name)
    loaded = load_or_skip(problem, implementation)
    while loaded.reason_to_skip(*X.shape):
        X, y = X[::2], y[::2]
    gradient = loaded.gradient(weights, *loaded.prepare(X, y))
    assert impls.relative_error(problem, gradient, weights, X, y) <= loaded.rtol


def test_unknown_data_set():
    with pytest.raises(impls.UnknownName) as raised:
        impls.dataset("logistic", "brest_cancer")
    message = str(raised.value)
    assert "no data set 'brest_cancer' of logistic; did you mean 'breast_cancer'?" in message
    assert message.endswith(f"There are: {', '.join(impls.datasets('logistic'))}")


WITHOUT = {
    "absent": """
        class Finder(PathFinder):
            @classmethod
            def find_spec(cls, name, *arguments):
                hidden = name.partition(".")[0] == "sklearn"
                return None if hidden else super().find_spec(name, *arguments)

        sys.meta_path[:] = [Finder if f is PathFinder else f for f in sys.meta_path]
    """,
    "blocked": """
        class Finder:
            @staticmethod
            def find_spec(name, *arguments):
                if name.partition(".")[0] == "sklearn":
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        sys.meta_path.insert(0, Finder)
    """,
    "without a dependency": """
        sys.modules["joblib"] = None
    """,
}


@pytest.mark.parametrize("case", WITHOUT)
def test_without_scikit_learn_its_data_are_unavailable(case):
    code = [
        "import json, sys",
        "from importlib.machinery import PathFinder",
        dedent(WITHOUT[case]),
        "import impls",
        "errors = {}",
        "for name in impls.datasets('logistic'):",
        "    try:",
        "        impls.dataset('logistic', name)",
        "    except impls.Unavailable as error:",
        "        errors[name] = str(error)",
        "print(json.dumps(errors))",
    ]
    command = [sys.executable, "-c", "\n".join(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    errors = json.loads(done.stdout)
    assert set(SHAPES) <= set(errors)
    assert all('pip install "gradmark[data]"' in message for message in errors.values())
    assert all(name in message for name, message in errors.items())


# The machine: control groups, processors and caches in a folder of the test's own

GIB = 1024**3
MEMBERSHIP = "/proc/self/cgroup"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of 8 processors and 64 GiB free, without limits until a test writes some."""
    membership = tmp_path / "membership"
    read = _machine._read
    monkeypatch.setattr(
        _machine, "_read", lambda path: read(membership if str(path) == MEMBERSHIP else path)
    )
    monkeypatch.setattr(_machine, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(_machine, "_CACHES", tmp_path / "cache")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=64 * GIB))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)

    def write(files: dict[str, object]) -> None:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")

    return write


def test_without_control_groups_the_host_counts(machine):
    assert _machine.available_memory() == 64 * GIB
    assert _machine.count_threads() == 8


MEMORY = {
    "version 2": (
        {
            "membership": "0::/a/b",
            "cgroup/a/b/memory.max": 10 * GIB,
            "cgroup/a/b/memory.current": 4 * GIB,
        },
        6 * GIB,
    ),
    "version 2, limit of an ancestor": (
        {
            "membership": "0::/a/b",
            "cgroup/a/b/memory.max": "max",
            "cgroup/a/b/memory.current": 4 * GIB,
            "cgroup/a/memory.max": 8 * GIB,
            "cgroup/a/memory.current": 5 * GIB,
        },
        3 * GIB,
    ),
    "version 2, tightest limit": (
        {
            "membership": "0::/a",
            "cgroup/a/memory.max": 8 * GIB,
            "cgroup/a/memory.current": 1 * GIB,
            "cgroup/memory.max": 9 * GIB,
            "cgroup/memory.current": 4 * GIB,
        },
        5 * GIB,
    ),
    "version 2, cached files are given back": (
        {
            "membership": "0::/a",
            "cgroup/a/memory.max": 10 * GIB,
            "cgroup/a/memory.current": 9 * GIB,
            "cgroup/a/memory.stat": f"anon 5\ninactive_anon 7\ninactive_file {2 * GIB}\nslab 1",
        },
        3 * GIB,
    ),
    "version 2, no limit": (
        {
            "membership": "0::/a",
            "cgroup/a/memory.max": "max",
            "cgroup/a/memory.current": 4 * GIB,
        },
        64 * GIB,
    ),
    "version 2, limit above the host's memory": (
        {
            "membership": "0::/a",
            "cgroup/a/memory.max": 500 * GIB,
            "cgroup/a/memory.current": 4 * GIB,
        },
        64 * GIB,
    ),
    "version 2, above its limit": (
        {
            "membership": "0::/a",
            "cgroup/a/memory.max": 1 * GIB,
            "cgroup/a/memory.current": 2 * GIB,
        },
        0,
    ),
    "version 2, path outside the namespace": (
        {
            "membership": "0::/../other",
            "other/memory.max": 1 * GIB,
            "other/memory.current": 1 * GIB,
            "cgroup/memory.max": 10 * GIB,
            "cgroup/memory.current": 3 * GIB,
        },
        7 * GIB,
    ),
    "version 1": (
        {
            "membership": "5:cpu,cpuacct:/other\n4:memory:/docker/x\n1:name=systemd:/",
            "cgroup/memory/docker/x/memory.limit_in_bytes": 10 * GIB,
            "cgroup/memory/docker/x/memory.usage_in_bytes": 4 * GIB,
            "cgroup/memory/other/memory.limit_in_bytes": 1 * GIB,
            "cgroup/memory/other/memory.usage_in_bytes": 1 * GIB,
        },
        6 * GIB,
    ),
    "version 1, seen from inside a container": (
        {
            "membership": "4:memory:/docker/x\n0::/",
            "cgroup/memory/memory.limit_in_bytes": 10 * GIB,
            "cgroup/memory/memory.usage_in_bytes": 7 * GIB,
            "cgroup/memory/memory.stat": f"cache 3\ntotal_inactive_file {GIB}",
        },
        4 * GIB,
    ),
    "version 1, no limit": (
        {
            "membership": "4:memory:/",
            "cgroup/memory/memory.limit_in_bytes": 9223372036854771712,
            "cgroup/memory/memory.usage_in_bytes": 7 * GIB,
        },
        64 * GIB,
    ),
}


@pytest.mark.parametrize("case", MEMORY)
def test_available_memory(machine, case):
    files, expected = MEMORY[case]
    machine(files)
    assert _machine.available_memory() == expected


THREADS = {
    "version 2": ({"membership": "0::/a", "cgroup/a/cpu.max": "300000 100000"}, 3),
    "version 2, part of a processor": (
        {"membership": "0::/a", "cgroup/a/cpu.max": "150000 100000"},
        2,
    ),
    "version 2, below one": ({"membership": "0::/a", "cgroup/a/cpu.max": "10000 100000"}, 1),
    "version 2, no quota": ({"membership": "0::/a", "cgroup/a/cpu.max": "max 100000"}, 8),
    "version 2, quota above the affinity": (
        {"membership": "0::/a", "cgroup/a/cpu.max": "1600000 100000"},
        8,
    ),
    "version 2, quota of an ancestor": (
        {
            "membership": "0::/a/b",
            "cgroup/a/b/cpu.max": "max 100000",
            "cgroup/a/cpu.max": "100000 50000",
        },
        2,
    ),
    "version 1": (
        {
            "membership": "4:memory:/other\n3:cpu,cpuacct:/docker/x",
            "cgroup/cpu/docker/x/cpu.cfs_quota_us": 400000,
            "cgroup/cpu/docker/x/cpu.cfs_period_us": 100000,
        },
        4,
    ),
    "version 1, no quota": (
        {
            "membership": "3:cpu,cpuacct:/",
            "cgroup/cpu/cpu.cfs_quota_us": -1,
            "cgroup/cpu/cpu.cfs_period_us": 100000,
        },
        8,
    ),
}


@pytest.mark.parametrize("case", THREADS)
def test_count_threads(machine, case):
    files, expected = THREADS[case]
    machine(files)
    assert _machine.count_threads() == expected


def test_count_threads_respects_affinity(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5}, raising=False)
    assert _machine.count_threads() == 2


@pytest.mark.parametrize(("count", "expected"), [(6, 6), (None, 1)])
def test_count_threads_without_affinity(machine, monkeypatch, count, expected):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert _machine.count_threads() == expected


def cache(index, level, kind, size) -> dict[str, object]:
    values = {"level": level, "type": kind, "size": size}
    return {f"cache/index{index}/{name}": value for name, value in values.items()}


def test_cache_sizes(machine):
    machine(
        cache(0, 1, "Data", "48K")
        | cache(1, 1, "Instruction", "32K")
        | cache(2, 2, "Unified", "2M")
        | cache(3, 3, "Unified", "1G")
    )
    assert _machine.cache_bytes() == {1: 48 * 1024, 2: 2 * 1024**2, 3: 1024**3}


def test_a_cache_size_without_unit(machine):
    machine(cache(0, 1, "Data", "65536"))
    assert _machine.cache_bytes() == {1: 65536}


def test_usual_cache_sizes_where_the_system_tells_none(machine):
    sizes = _machine.cache_bytes()
    assert sizes == _machine._USUAL_CACHE_BYTES
    assert sizes is not _machine._USUAL_CACHE_BYTES


def test_a_cache_without_size_is_left_out(machine):
    """Virtual Arm machines list their caches with a type and a level alone."""
    machine({"cache/index0/type": "Data", "cache/index0/level": 1} | cache(2, 2, "Unified", "1M"))
    assert _machine.cache_bytes() == {2: 1024**2}


def test_usual_cache_sizes_where_no_cache_has_a_size(machine):
    machine({"cache/index0/type": "Data", "cache/index0/level": 1})
    assert _machine.cache_bytes() == _machine._USUAL_CACHE_BYTES


def test_this_machine_has_memory_threads_and_caches():
    assert _machine.available_memory() > 0
    assert 1 <= _machine.count_threads() <= os.cpu_count()
    assert all(level >= 1 and size > 1024 for level, size in _machine.cache_bytes().items())


@pytest.mark.parametrize("n_threads", [0, -1, 9])
def test_impossible_numbers_of_threads_are_refused(machine, n_threads):
    with pytest.raises(ValueError, match=rf"^n_threads is {n_threads}, expected 1 to 8 "):
        _machine.set_threads(n_threads)


def test_set_threads_limits_the_libraries():
    import numba

    before = numba.get_num_threads()
    with threadpool_limits(limits=None):  # puts back what the test changes
        _machine.set_threads(1)
        assert numba.get_num_threads() == 1
        assert {library["num_threads"] for library in threadpool_info()} <= {1}
    numba.set_num_threads(before)
