"""Blocks on the workers of a real cluster: processes of their own, some of which are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import CancelledError
from contextlib import contextmanager
from threading import Thread

import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster
from scipy.optimize import minimize

import impls
from impls._blocks import cluster as cluster_module
from impls._blocks import lookout, spread

# Dask's own: a worker that is killed leaves sockets, and the client of it says so.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Sending large graph"),
]
N_SAMPLES, N_FEATURES = 4000, 6


@contextmanager
def local_cluster(n_workers):
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "memory_limit": 0}
    with LocalCluster(n_workers=n_workers, **options) as workers, Client(workers) as client:
        yield client


@pytest.fixture(scope="module")
def client():
    with local_cluster(2) as client:
        yield client


@pytest.fixture
def many_pieces(monkeypatch):
    """Blocks of 16 KB."""
    monkeypatch.setattr(cluster_module, "_PIECE_BYTES", 2**14)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The same data in every form, and the weights."""
    folder = tmp_path_factory.mktemp("data")
    weights, X, y = impls.make("logistic", N_SAMPLES, N_FEATURES)
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", y)
    mapped = impls.open_rows(folder / "X.npy"), impls.open_rows(folder / "y.npy")
    chunks = da.from_array(X, chunks=(500, -1)), da.from_array(y, chunks=500)
    return {"weights": weights, "array": (X, y), "file": mapped, "dask": chunks}


SOURCES = ("array", "file", "dask")
every_source = pytest.mark.parametrize("source", SOURCES)


def check(data, gradient):
    error = impls.relative_error("logistic", gradient, data["weights"], *data["array"])
    assert error < 1e-12


def pids(client):
    return client.run(os.getpid)


@every_source
def test_workers_give_the_gradient_and_the_objective(client, data, source, many_pieces):
    implementation = impls.load("logistic", "dask_blocks")
    prepared = implementation.prepare(*data[source])
    assert isinstance(prepared[0].holder, cluster_module.Cluster)
    check(data, implementation.gradient(data["weights"], *prepared))
    options = {"l2": 0.5, "fit_intercept": True, "sample_weight": np.linspace(0, 1, N_SAMPLES)}
    mine = impls.objective("logistic", "dask_blocks", *data[source], **options)
    other = impls.objective("logistic", "fused", *data["array"], **options)
    v = np.linspace(-1, 1, N_FEATURES + 1)
    np.testing.assert_allclose(mine(v)[1], other(v)[1], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(mine.hessian_vector(v, v), other.hessian_vector(v, v), rtol=1e-9)


@pytest.mark.parametrize("problem", impls.problems())
def test_every_problem_is_trained_on_workers(client, problem, many_pieces):
    _, X, y = impls.make(problem, N_SAMPLES, N_FEATURES)
    options = {"solver": "gd", "step": 1e-4, "n_epochs": 3, "progress": False}
    trained = impls.solve(problem, "dask_blocks", X, y, **options)
    expected = impls.solve(problem, "fused", X, y, **options)
    np.testing.assert_allclose(trained.weights, expected.weights, rtol=1e-9, atol=1e-12)
    assert trained.loss == pytest.approx(expected.loss)


def test_scipy_fits_on_workers(client, data):
    found = [
        minimize(objective, objective.zero_weights(), jac=True, method="L-BFGS-B", tol=1e-10).x
        for objective in (
            impls.objective("logistic", "dask_blocks", *data["file"], l2=1.0),
            impls.objective("logistic", "memmap_stream", *data["file"], l2=1.0),
            impls.objective("logistic", "fused", *data["array"], l2=1.0),
        )
    ]
    np.testing.assert_allclose(found[0], found[2], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found[1], found[2], rtol=1e-5, atol=1e-7)


def test_no_block_moves_and_a_call_sends_vectors_alone(client, data, many_pieces):
    implementation = impls.load("logistic", "dask_blocks")
    prepared = implementation.prepare(*data["array"])
    held = prepared[0].holder
    before = client.who_has(held._held)
    received = client.run(lambda dask_worker: len(dask_worker.transfer_incoming_log))
    for _ in range(3):
        implementation.gradient(data["weights"], *prepared)
    assert client.who_has(held._held) == before
    assert len(before) > len(held._groups) == 2  # one task for all blocks of a worker
    after = client.run(lambda dask_worker: len(dask_worker.transfer_incoming_log))
    assert sum(after.values()) == sum(received.values())


def test_a_worker_has_as_many_threads_as_it_says(client, data):
    """Its one thread: two workers of two threads each would wait for each other."""
    prepared = impls.load("logistic", "dask_blocks").prepare(*data["array"])

    def count():
        import numba

        return numba.get_num_threads()

    futures = [
        client.submit(cluster_module.limited, count, workers=[address], pure=False)
        for address, _ in prepared[0].holder._groups
    ]
    assert client.gather(futures) == [1, 1]


def test_many_workers_results_are_added_in_a_tree(client, data, many_pieces, monkeypatch):
    monkeypatch.setattr(cluster_module, "FAN_IN", 2)
    implementation = impls.load("logistic", "dask_blocks")
    prepared = implementation.prepare(*data["array"])
    holder = prepared[0].holder
    # As many workers as blocks: in the order of their addresses, as always.
    holder._start_actors([(address, [k]) for address, numbers in holder._groups for k in numbers])
    assert len(holder._actors) > 6
    check(data, implementation.gradient(data["weights"], *prepared))
    asked = [client.run_on_scheduler(_count_dependents, each.key) for each in holder._futures]
    assert asked == [0, 0] + [1] * (len(asked) - 2)  # this process asks two, which ask two each


def _count_dependents(key, dask_scheduler):
    return len(dask_scheduler.tasks[key].dependents)


@every_source
@pytest.mark.parametrize("moment", ["between", "during"])
def test_a_killed_worker_costs_no_result(data, source, moment, many_pieces):
    with local_cluster(2) as client:
        implementation = impls.load("logistic", "dask_blocks")
        prepared = implementation.prepare(*data[source])
        victim = sorted(pids(client).values())[0]
        calls = 1 if moment == "between" else 12
        killer = Thread(target=os.kill, args=(victim, signal.SIGKILL))
        killer.start()
        if moment == "between":
            killer.join()
        for _ in range(calls):
            check(data, implementation.gradient(data["weights"], *prepared))
        killer.join()


def test_blocks_that_are_lost_while_actors_start_are_sent_again(
    client, data, many_pieces, monkeypatch
):
    """The scheduler hears of a killed worker late: the blocks seem to be there until then."""
    implementation = impls.load("logistic", "dask_blocks")
    prepared = implementation.prepare(*data["array"])
    holder = prepared[0].holder
    start, losses = holder._start_actors, [CancelledError("lost dependencies")]

    def lose_once(groups):
        if losses:
            raise losses.pop()
        start(groups)

    monkeypatch.setattr(holder, "_start_actors", lose_once)
    before = [each.key for each in holder._held]
    holder._hold_again()
    assert not {*before} & {each.key for each in holder._held}
    check(data, implementation.gradient(data["weights"], *prepared))


def test_batches_of_a_killed_worker_cost_no_result(data, many_pieces):
    weights, (X, y) = data["weights"], data["array"]
    with local_cluster(2) as client:
        implementation = impls.load("logistic", "dask_blocks")
        prepared, _ = implementation.prepare(*data["file"])
        starts = [piece.start for piece in prepared.holder._pieces]
        victim = pids(client)[prepared.holder._groups[0][0]]
        seen = []
        for batch, labels in prepared.draw_batches(np.random.default_rng(0), 100):
            if len(seen) == 5:
                os.kill(victim, signal.SIGKILL)
            own = starts[batch.number] + batch.samples
            found = implementation.kernel(weights, batch, labels)
            assert impls.relative_error("logistic", found, weights, X[own], y[own]) < 1e-12
            seen.append(own)
        assert sorted(np.concatenate(seen)) == list(range(N_SAMPLES))


def test_a_worker_killed_within_the_tree_costs_no_result(data, many_pieces, monkeypatch):
    """This process asks one worker, which asks the next, which is killed while it computes."""
    monkeypatch.setattr(cluster_module, "FAN_IN", 1)
    with local_cluster(3) as client:
        implementation = impls.load("logistic", "dask_blocks")
        prepared = implementation.prepare(*data["file"])
        addresses = [address for address, _ in prepared[0].holder._groups]
        killer = Thread(target=os.kill, args=(pids(client)[addresses[1]], signal.SIGKILL))
        killer.start()
        for _ in range(12):
            check(data, implementation.gradient(data["weights"], *prepared))
        killer.join()
        assert addresses != [address for address, _ in prepared[0].holder._groups]


def test_lost_workers_and_a_lost_scheduler_are_named(data, monkeypatch):
    monkeypatch.setattr(lookout, "_POLL_SECONDS", 0.2)
    with LocalCluster(n_workers=0, dashboard_address=":0") as workers, Client(workers) as client:
        address = workers.scheduler_address
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
        process = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.DEVNULL)
        client.wait_for_workers(1)
        implementation = impls.load("logistic", "dask_blocks")
        prepared = implementation.prepare(*data["file"])
        worker = next(iter(pids(client)))
        process.kill()
        process.wait()
        with pytest.raises(impls.WorkerLost, match=f"{worker}.*dask worker"):
            implementation.gradient(data["weights"], *prepared)
        workers.close()
        with pytest.raises(impls.WorkerLost, match=f"the scheduler {address} is gone"):
            implementation.gradient(data["weights"], *prepared)


def test_a_silent_worker_is_named(data, monkeypatch):
    """As behind a link that is down: it is stopped, and tells nothing."""
    monkeypatch.setattr(lookout, "_POLL_SECONDS", 0.2)
    monkeypatch.setattr(lookout, "_SILENT_SECONDS", 3.0)  # the other one tells each second
    with local_cluster(2) as client:
        implementation = impls.load("logistic", "dask_blocks")
        prepared = implementation.prepare(*data["file"])
        address, victim = sorted(pids(client).items())[0]
        os.kill(victim, signal.SIGSTOP)
        try:
            with pytest.raises(impls.WorkerLost, match=f"the worker {address} has been silent"):
                implementation.gradient(data["weights"], *prepared)
        finally:
            os.kill(victim, signal.SIGCONT)


def test_a_file_that_workers_do_not_have_is_named(client, data, tmp_path):
    np.save(tmp_path / "X.npy", data["array"][0])
    rows = impls.open_rows(tmp_path / "X.npy")
    (tmp_path / "X.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"X\.npy.*put the file where all of them see it"):
        impls.load("logistic", "dask_blocks").prepare(rows, data["array"][1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_row_on_a_worker_that_is_not_finite_is_named(client, data, value, many_pieces):
    X = data["array"][0].copy()
    X[3210, 1] = value
    implementation = impls.load("logistic", "dask_blocks")
    prepared = implementation.prepare(X, data["array"][1])
    with pytest.raises(ValueError, match="X is not finite in row 3,210"):
        implementation.gradient(data["weights"], *prepared)


def test_the_environment_names_a_scheduler(data):
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as workers:
        code = """if True:
            import impls
            weights, X, y = impls.make("logistic", 500, 3)
            implementation = impls.load("logistic", "dask_blocks")
            prepared = implementation.prepare(X, y)
            print(type(prepared[0].holder).__name__)
            print(impls.relative_error(
                "logistic", implementation.gradient(weights, *prepared), weights, X, y) < 1e-12)
        """
        environment = os.environ | {spread.ADDRESS_VARIABLE: workers.scheduler_address}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Cluster", "True"]


def no_client(cls):
    raise ValueError("no client is active")


def test_a_scheduler_that_does_not_answer_is_named(data, monkeypatch):
    monkeypatch.setattr(spread, "_CONNECT_SECONDS", 0.3)
    monkeypatch.setenv(spread.ADDRESS_VARIABLE, "tcp://127.0.0.1:9")
    monkeypatch.setattr(Client, "current", classmethod(no_client))
    with pytest.raises(impls.Unavailable, match="no scheduler answers at DASK_SCHEDULER_ADDRESS"):
        impls.load("logistic", "dask_blocks").prepare(*data["array"])
