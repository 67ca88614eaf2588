"""Exact gradients kept on disk: the same to the bit, and never those of another batch."""

import numpy as np
import pytest

import impls
from impls import _exact


@pytest.fixture
def computed(monkeypatch):
    """Number of gradients that were computed, not read."""
    calls = []
    compute = _exact._compute
    monkeypatch.setattr(_exact, "_compute", lambda *batch: calls.append(1) or compute(*batch))
    return calls


@pytest.mark.parametrize("problem", impls.problems())
def test_what_is_kept_is_what_was_computed(problem, tmp_path, computed):
    batch = impls.make(problem, 20, 3)
    first, again = (_exact.exact_gradient(problem, *batch, tmp_path) for _ in range(2))
    assert len(computed) == 1
    assert again[0].dtype == np.longdouble
    np.testing.assert_array_equal(again[0], impls.reference(problem, *batch))
    np.testing.assert_array_equal(first[1], again[1])


@pytest.mark.parametrize("changed", range(3))
def test_a_change_of_the_data_is_another_gradient(tmp_path, computed, changed):
    batch = impls.make("linear", 20, 3)
    _exact.exact_gradient("linear", *batch, tmp_path)
    batch[changed].flat[-1] += 1e-9
    exact, _ = _exact.exact_gradient("linear", *batch, tmp_path)
    assert len(computed) == 2
    np.testing.assert_array_equal(exact, impls.reference("linear", *batch))


def test_without_a_folder_nothing_is_kept(computed):
    batch = impls.make("linear", 5, 2)
    for _ in range(2):
        _exact.exact_gradient("linear", *batch)
    assert len(computed) == 2


@pytest.mark.parametrize("n_bytes", [0, 10, 300])
def test_a_damaged_file_is_made_again(tmp_path, computed, n_bytes):
    batch = impls.make("softmax", 20, 3)
    _exact.exact_gradient("softmax", *batch, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:n_bytes])
    exact, _ = _exact.exact_gradient("softmax", *batch, tmp_path)
    np.testing.assert_array_equal(exact, impls.reference("softmax", *batch))
    assert len(computed) == 2
    assert [kept.stat().st_size for kept in tmp_path.iterdir()] == [len(whole)]
