"""Limits of the machine: control groups, processors and caches, in a folder of the test."""

import os
from types import SimpleNamespace

import psutil
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from impls import _machine

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
    """Virtual Arm machines list only type and level of their caches."""
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
    with threadpool_limits(limits=None):  # restores the limit after the test
        _machine.set_threads(1)
        assert numba.get_num_threads() == 1
        assert {library["num_threads"] for library in threadpool_info()} <= {1}
    numba.set_num_threads(before)


def blas_threads():
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


def test_blas_has_one_thread_in_a_block_and_numba_keeps_its_own():
    import numba

    before = blas_threads(), numba.get_num_threads()
    with _machine.one_blas_thread():
        assert blas_threads() == {1}
        assert numba.get_num_threads() == before[1]
    assert blas_threads() == before[0]
