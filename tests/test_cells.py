"""Names of cells: asv's text and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts._measured.cells import Cell

names = st.from_regex(r"[a-zA-Z]\w{0,20}", fullmatch=True)
sizes = st.tuples(st.integers(1, 10**9), st.integers(1, 10**6))


@given(names, names, sizes)
def test_a_cell_on_drawn_data(problem, name, size):
    benchmark = f"gradient.{problem}.time_gradient"
    cell = Cell.parse(benchmark, (repr(name), *map(repr, size)))
    assert (cell.module, cell.problem, cell.method) == ("gradient", problem, "time_gradient")
    assert (cell.implementation, cell.solver, cell.size, cell.dataset) == (name, "", size, "")
    assert cell.name == f"{benchmark}({name!r}, {size[0]}, {size[1]})"
    trained = Cell.parse(benchmark, (repr(name), "'sgd'", *map(repr, size)))
    assert (trained.implementation, trained.solver, trained.size) == (name, "sgd", size)


@given(names)
def test_a_cell_on_a_data_set(name):
    cell = Cell.parse("datasets.softmax.track_error", (repr(name), "'digits'"))
    assert (cell.implementation, cell.solver, cell.size, cell.dataset) == (name, "", None, "digits")
    trained = Cell.parse("training.glm_2.track_updates", (repr(name), "'gd'", "'digits'"))
    assert (trained.problem, trained.solver, trained.dataset) == ("glm_2", "gd", "digits")


def test_what_measures_its_process_is_told_by_its_method():
    cells = [Cell(f"memory.logistic.{m}", ("matrix", 10, 10)) for m in ("peakmem_x", "track_x")]
    assert [cell.measures_process for cell in cells] == [True, False]
