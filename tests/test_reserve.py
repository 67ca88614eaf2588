"""Memory that contenders free is kept for those of the next problem."""

import pytest

import impls
from benchmarks._session import crew, reserve
from benchmarks._session.crew import Crew, Settings
from benchmarks._session.inputs import Data, in_file
from benchmarks._session.reserve import Reserve
from benchmarks._session.rounds import _most_bytes
from impls import _table

BLOCK = reserve._BLOCK_BYTES


@pytest.fixture
def taken(monkeypatch):
    """Blocks that have been taken, none of which takes memory."""
    found = []

    class Block:
        def __init__(self):
            self.is_open = True
            found.append(self)

        def close(self):
            self.is_open = False

    monkeypatch.setattr(reserve, "_take", Block)
    return found


def test_at_most_what_may_be_kept_is_kept_and_what_is_given_is_freed(taken):
    kept = Reserve(3 * BLOCK)
    kept.keep(2 * BLOCK + 1)
    assert kept.n_bytes == 2 * BLOCK
    kept.keep(9 * BLOCK)
    assert kept.n_bytes == 3 * BLOCK
    kept.give(BLOCK - 1)
    assert kept.n_bytes == 3 * BLOCK
    kept.give(2 * BLOCK)
    assert (kept.n_bytes, sum(block.is_open for block in taken)) == (BLOCK, 1)
    kept.close()
    assert (kept.n_bytes, sum(block.is_open for block in taken)) == (0, 0)


def test_nothing_is_kept_unless_asked_for_or_where_the_system_refuses(taken, monkeypatch):
    kept = Reserve()
    kept.keep(9 * BLOCK)
    assert (kept.n_bytes, taken) == (0, [])

    def refuse():
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(reserve, "_take", refuse)
    kept = Reserve(BLOCK)
    kept.keep(BLOCK)
    assert kept.n_bytes == 0


def test_a_block_can_be_taken():
    kept = Reserve(BLOCK)
    kept.keep(BLOCK)
    assert kept.n_bytes in (0, BLOCK)  # 0: a system without this way to ask for memory
    kept.close()


def test_memory_is_given_for_each_copy_of_x(taken):
    one = Crew(Settings("linear", ("matrix",), 1, 1), Reserve(8 * BLOCK))
    one.reserve.keep(5 * BLOCK)
    one.infos = {"matrix": {"copies": 0.0}, "float32": {"copies": 0.5}}
    one.roofs = {"read of 8-byte X": 8}
    assert _most_bytes(one, Data("linear", 1000, 10)) == 8 * 10_000 * 3.5
    assert _most_bytes(one, in_file("linear", 1000, 10)) == 0
    assert _most_bytes(one, Data("linear", dataset="diabetes")) == 0
    assert _most_bytes(one, Data("linear", dataset="mine", contents="0123")) == 5 * BLOCK


def test_what_lacks_a_package_has_no_process_and_the_reason_of_its_load(monkeypatch):
    monkeypatch.setattr(_table, "_is_installed", lambda package: package != "scikit-learn")
    monkeypatch.setattr(crew, "Process", None)
    one = Crew(Settings("linear", ("sklearn",), 1, 1))
    one._enlist({"sklearn": {"name": "sklearn"}}, lambda: None)
    out = one.absent()["sklearn"]
    assert (out.state, not one.processes) == ("unavailable", True)
    assert "impls/linear/sklearn.py needs scikit-learn, which is not installed" in out.reason
    assert _table.reason_missing("linear", "matrix") is None


@pytest.mark.parametrize("problem", impls.problems())
def test_a_reason_says_what_load_says(problem):
    for name in impls.names(problem):
        if reason := _table.reason_missing(problem, name):
            with pytest.raises(impls.Unavailable) as caught:
                impls.load(problem, name)
            assert reason.partition(" needs ")[0] == str(caught.value).partition(" needs ")[0]
            assert reason.partition("try: ")[2] == str(caught.value).partition("try: ")[2]
