"""The experiments: the texts' numbers from other seeds; the command's output and refusals."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import impls
from benchmarks._session.judging import draw_easy, draw_extreme
from impls import _table
from impls.softmax import _batch_softmax
from scripts import _experiments, check, train
from scripts._common import facts as _facts
from scripts._common import judging, project
from scripts._common.errors import UserError
from scripts._common.tree import working_tree
from scripts._experiments import Options, Outcome, TextTable, _written
from scripts._experiments import descent as descent
from scripts._experiments import recursion as recursion
from scripts._experiments import softmax_fault as softmax_fault
from scripts._measured import losses
from scripts._measured.state import state_of

ROOT = Path(__file__).resolve().parent.parent
FAULTY = ROOT / "impls" / "softmax" / "_batch_softmax.py"
SEED = 11

RIGHT = '''
"""Softmax regression, from elsewhere."""

import numpy as np


def gradient(weights, X, y):
    z = X @ weights.T
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p.T @ X / len(y)
'''


@dataclass(frozen=True)
class Facts:
    cache_bytes: dict[int, int] = field(default_factory=dict)
    footer: str = "python -m scripts.train\nsome machine"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Batches are small, and on a busy machine most of the time would go to waking BLAS threads."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def facts():
    """Facts of this machine, collected once because that takes a second."""
    return replace(_facts.collect_facts("all", "no commit"), command="python -m scripts.train all")


def call(main, *argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return main()


# A line in 50 epochs


@pytest.fixture(scope="module")
def line():
    return descent.draw_data(SEED)


@pytest.fixture(scope="module")
def runs(line):
    return {run.solver: run for run in descent.train(line, "matrix", SEED)}


def test_the_line_is_the_texts(line):
    x, y = line.X[:, 0], line.y
    assert line.X.shape == (1000, 2)
    assert np.all(line.X[:, 1] == 1)
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=0.1)
    assert (y - 3.5 * x - 4).std() == pytest.approx(0.5, abs=0.05)
    assert line.start[1] == 0
    assert 0 < abs(line.start[0]) < 0.05


def test_another_seed_is_another_line(line):
    assert not np.array_equal(descent.draw_data(SEED + 1).y, line.y)


def test_least_squares_have_no_gradient(line):
    gradient = (line.X @ line.least_squares - line.y) @ line.X
    assert np.abs(gradient).max() < 1e-9


def test_the_solvers_make_the_updates_that_the_text_counts(runs):
    assert {s: run.solution.n_updates for s, run in runs.items()} == {
        "gd": 50,
        "sgd": 50_000,
        "minibatch": 1000,
    }
    assert {s: run.batch_size for s, run in runs.items()} == {"gd": 1000, "sgd": 1, "minibatch": 50}
    assert runs["minibatch"].updates[:2] == [20, 40]
    assert runs["sgd"].seconds[-1] == pytest.approx(runs["sgd"].solution.seconds)


def test_few_updates_stop_on_the_way_and_single_samples_jump_about(line, runs):
    least = line.loss(line.least_squares)
    excess = {s: np.array(run.solution.loss[25:]) - least for s, run in runs.items()}
    assert excess["gd"][-1] > 1
    assert 0 <= excess["minibatch"].max() < 1e-4
    assert 1e-4 < excess["sgd"].max() < 0.1
    assert excess["sgd"].std() > 10 * excess["minibatch"].std()


def test_gd_goes_the_way_of_its_closed_form(line, runs):
    weights = line.start
    for _ in range(50):
        weights = weights - 0.02 * line.X.T @ (line.X @ weights - line.y) / 1000
    assert runs["gd"].solution.weights == pytest.approx(weights, rel=1e-10)


def test_another_kernel_descends_as_well(runs):
    outcome = descent.run(Options(seed=SEED, impl="row_loop"))
    (table,) = outcome.tables
    assert "the kernel `row_loop`" in table.note
    assert table.rows[2][5] == f"{runs['minibatch'].solution.weights[0]:.4f}"
    assert list(outcome.figures) == ["descent-fit", "descent-loss"]


def test_the_table_of_the_lines(line, runs):
    table = descent.make_table(line, list(runs.values()), "matrix")
    by_solver = {row[0]: dict(zip(table.headers, row, strict=True)) for row in table.rows}
    w, b = runs["gd"].solution.weights
    assert by_solver["gd"]["error of w"] == f"{3.5 - w:.4f}"
    assert by_solver["gd"]["error of b"] == f"{4 - b:.4f}"
    assert float(by_solver["minibatch"]["from least squares"]) < 0.02
    assert by_solver["sgd"]["updates"] == "50,000"
    assert by_solver["least squares"]["from least squares"] == "0.0000"


# 100,000 epochs


@pytest.fixture(scope="module")
def findings():
    """Findings of the experiment, with the compiled loop in place of the Python loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recursion, "train_loop", recursion.train_compiled)
        return recursion.find(SEED)


def test_the_texts_differences_come_out_from_any_start(findings):
    printed = (0.00301781, 0.00246096, -0.00200824, -0.0024629)
    assert findings.difference == pytest.approx(printed, abs=1e-6)
    assert findings.agrees
    assert "within 1e-5: yes" in recursion.make_differences(findings).note


def test_a_deviation_is_told(findings):
    closed = replace(findings.closed, layer=findings.closed.layer + np.array([0, 2e-5, 0, 0]))
    off = replace(findings, closed=closed)
    assert off.deviation == pytest.approx(2e-5, rel=0.02)
    assert "within 1e-5: no" in recursion.make_differences(off).note


def test_every_way_runs_all_epochs_from_the_texts_start(monkeypatch):
    calls = []

    def loop(weights, X, y, n_epochs):
        calls.append((weights.copy(), n_epochs))
        return weights

    monkeypatch.setattr(recursion, "train_loop", loop)
    found = recursion.find(SEED)
    start = 2 * np.random.default_rng(SEED).random(3) - 1
    assert sum(n_epochs for _, n_epochs in calls) == 100_000
    assert calls[0][0] == pytest.approx(start)
    X, _ = recursion.text_batch()
    assert found.loop.layer == pytest.approx(1 / (1 + np.exp(-X @ start)))


def test_the_first_call_is_told_apart(findings):
    table = recursion.make_times(findings)
    names = [row[0] for row in table.rows]
    assert names[0] == "Python loop"
    assert names[1] in ("first call (loaded)", "first call (compiled)")
    assert [row[2] for row in table.rows][1] == ""
    assert table.rows[3][3:5] == ["0.00000001", "0.00000001"]


# The softmax that divides by the sum over the batch


@pytest.fixture(scope="module")
def digits():
    return softmax_fault.load_data("digits", SEED)


@pytest.fixture(scope="module")
def trainings(digits):
    return [softmax_fault.train(c, digits, SEED) for c in softmax_fault.courses(digits)]


def text_loss(weights, X, y):
    """The text's np_linear, np_softmax and np_cross_entropy."""
    logits = np.dot(X, weights.transpose())
    exps = np.exp(logits - np.max(logits))
    p = exps / np.sum(exps)
    return np.sum(-np.log(p[range(len(y)), y])) / len(y)


def test_the_faulty_loss_is_the_texts(digits):
    weights = np.random.default_rng(SEED).standard_normal((10, digits.X.shape[1]))
    ours = softmax_fault.batch_wise_loss(weights, digits.X, digits.y)
    assert ours == pytest.approx(text_loss(weights, digits.X, digits.y), rel=1e-12)
    assert np.isfinite(softmax_fault.batch_wise_loss(1e4 * weights, digits.X, digits.y))


def test_the_faulty_loss_stays_at_its_level(trainings):
    faulty, right, _ = trainings
    assert faulty.batch_losses[0] == pytest.approx(log(256 * 10))
    assert right.batch_losses[0] == pytest.approx(log(10))
    assert min(faulty.batch_losses) > log(256 * 10) - 1
    assert right.batch_losses[-1] < log(10) - 0.6


def test_the_fault_costs_accuracy_and_a_larger_step_gains_some(trainings):
    faulty, right, better = (run.test_accuracy[-1] for run in trainings)
    assert 0.6 < faulty < right - 0.02
    assert right + 0.03 < better
    assert right == pytest.approx(0.88, abs=0.06)
    assert better == pytest.approx(0.95, abs=0.04)


def test_recording_leaves_the_training_as_it_is(digits, trainings):
    _, right, better = trainings
    for run, step, size in ((right, 0.1, 256), (better, 0.5, 32)):
        solution = impls.solve(
            "softmax", "matrix", digits.X, digits.y,
            step=step, batch_size=size, n_epochs=10, seed=SEED, progress=False,
        )  # fmt: skip
        assert run.losses[1:] == list(solution.loss)
        assert run.n_updates == solution.n_updates
        predicted = (digits.X_test @ solution.weights.T).argmax(axis=1)
        assert run.test_accuracy[-1] == (predicted == digits.y_test).mean()


def test_losses_are_of_whole_batches(trainings):
    faulty, _, _ = trainings  # 1,437 images: 5 batches of 256 and a smaller one
    assert len(faulty.batch_losses) == len(faulty.moments) == 50
    assert faulty.moments[4:6] == pytest.approx([4 / 6, 1])
    assert faulty.n_updates == 60


def test_the_range_over_seeds_is_that_of_their_trainings(monkeypatch, trainings):
    monkeypatch.setattr(softmax_fault, "_N_SEEDS", 2)
    other = softmax_fault.load_data("digits", SEED + 1)
    for course, own in zip(softmax_fault.courses(other), trainings, strict=True):
        both = [own.test_accuracy[-1]]
        both.append(softmax_fault.train(course, other, SEED + 1).test_accuracy[-1])
        found = softmax_fault.find_ranges(SEED)[course.name]
        assert found == pytest.approx((min(both), np.mean(both), max(both)))


def test_the_verdicts_are_those_of_check():
    batches = [*draw_easy("softmax"), *draw_extreme("softmax")]
    faulty = judging.judge("softmax", FAULTY, batches)
    right = judging.judge("softmax", "matrix", batches)
    table = softmax_fault.make_verdicts(faulty, right)
    says = {row[0]: row[-1] for row in table.rows}
    assert list(says) == [batch.name for batch in batches]
    assert says["n = 1"] == "right"  # with one row, the sum over the batch is that of the row
    assert says["zero weights"].startswith("component 0, 0: got ")
    assert f"{len(faulty.problems)} of {len(batches)} batches are wrong" in table.note
    assert len(faulty.problems) > 10


@pytest.fixture
def small_file(tmp_path):
    generator = np.random.default_rng(SEED)
    y = generator.integers(0, 3, 60)
    X = 80 * np.eye(3, 4)[y] + generator.random((60, 4))
    parts = {"X_train": X[:40] / 90, "y_train": y[:40], "X_test": X[40:] / 90, "y_test": y[40:]}
    np.savez(tmp_path / "small.npz", **parts)
    return tmp_path / "small.npz"


def test_images_of_a_file(small_file, facts, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train, "collect_facts", lambda *_: facts)
    arguments = ("softmax_fault", "--data", str(small_file), "--out", str(tmp_path / "out"))
    assert call(train.main, *arguments, monkeypatch=monkeypatch) == 0
    text = capsys.readouterr().out
    assert "40 images to train with and 20 to test on" in text
    assert "median of" not in text
    assert "| sum over the batch |    0.1 |      40 |" in text


@pytest.mark.parametrize(
    "save",
    [
        lambda pixels: pixels.astype(np.int64),
        lambda pixels: (pixels > 7).astype(np.uint8),
        lambda pixels: np.round(pixels * 255 / 16).astype(np.uint8),
        lambda pixels: pixels * (255 / 16),
    ],
    ids=["0 to 16", "bytes of 0 and 1", "bytes", "floats of 0 to 255"],
)
def test_saved_digits_are_learnt_as_the_bundled_ones(save, tmp_path):
    bundled = softmax_fault.load_data("digits", SEED)
    images = {"X_train": save(16 * bundled.X[:, 1:]), "X_test": save(16 * bundled.X_test[:, 1:])}
    np.savez(tmp_path / "digits.npz", **images, y_train=bundled.y, y_test=bundled.y_test)
    pixel_max = 255 if images["X_train"].dtype == float else None
    saved = softmax_fault.load_data(str(tmp_path / "digits.npz"), SEED, pixel_max)
    (_, _, course) = softmax_fault.courses(bundled)
    accuracy, expected = (
        softmax_fault.train(course, data, SEED).test_accuracy[-1] for data in (saved, bundled)
    )
    assert abs(accuracy - expected) < 0.04
    assert expected > 0.9


def test_the_scale_of_images_is_told(small_file, facts, tmp_path, monkeypatch, capsys):
    with np.load(small_file) as parts:
        whole = {key: np.round(255 * parts[key]) if key[0] == "X" else parts[key] for key in parts}
    np.savez(small_file, **{key: array.astype(int) for key, array in whole.items()})
    monkeypatch.setattr(train, "collect_facts", lambda *_: facts)
    arguments = ["softmax_fault", "--data", str(small_file), "--out", str(tmp_path / "out")]
    assert call(train.main, *arguments, monkeypatch=monkeypatch) == 0
    told = capsys.readouterr()
    words = f"{small_file}: integer pixels are divided by {max(whole['X_train'].max(), 1):g}"
    assert told.err.startswith(words)
    assert words in told.out
    assert call(train.main, *arguments, "--pixel-max", "255", monkeypatch=monkeypatch) == 0
    assert "divided by" not in capsys.readouterr().err


def test_a_file_that_holds_no_images_is_refused(tmp_path):
    np.savez(tmp_path / "no.npz", X_train=np.ones((2, 2)))
    with pytest.raises(UserError, match="it has no y_train"):
        softmax_fault.run(Options(data=str(tmp_path / "no.npz")))


# The command


def test_without_a_name_the_experiments_are_listed(monkeypatch, capsys):
    assert call(train.main, monkeypatch=monkeypatch) == 0
    text = capsys.readouterr().out
    for name in ("descent", "recursion", "softmax_fault"):
        module = _experiments.load(name)
        assert f"{name} " in text
        assert module.__doc__.partition("\n")[0] in text


def test_a_file_is_the_registration(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text('"""What mine does."""\n')
    monkeypatch.setattr(_experiments, "_FOLDER", tmp_path)
    assert call(train.main, monkeypatch=monkeypatch) == 0
    assert "mine  What mine does.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["descnt"], "no experiment 'descnt'; did you mean descent?"),
        (["descent", "--seed", "-1"], "--seed is -1, expected a whole number of at least 0"),
        (["descent", "--impl", "matrx"], "no implementation of linear 'matrx'; did you mean"),
        (["recursion", "--impl", "matrix"], "--impl is not read: recursion has no use for it"),
        (["descent", "--data", "digits"], "--data is not read: descent has no use"),
        (["softmax_fault", "--data", "minst"], "no data 'minst'; did you mean mnist?"),
        (["descent", "--pixel-max", "1"], "--pixel-max is not read: descent has no"),
        (["softmax_fault", "--pixel-max", "0"], "--pixel-max is 0, expected a number above 0"),
        (["softmax_fault", "--pixel-max", "nan"], "--pixel-max is nan, expected a number above 0"),
        (["softmax_fault", "--pixel-max", "16"], "--pixel-max is for --data PATH.npz"),
        (["softmax_fault", "--data", "a.npz"], "--data is a.npz, but there is no such file"),
        (["recursion", "--out", __file__], "which cannot be written to (File exists)"),
    ],
)
def test_train_refuses_what_it_does_not_know(argv, message, monkeypatch):
    with pytest.raises(UserError) as caught:
        call(train.main, *argv, monkeypatch=monkeypatch)
    assert message in str(caught.value)


def test_all_are_all_and_a_name_twice_is_one():
    assert train._choose(["recursion", "all"]) == _experiments.names()
    assert train._choose(["recursion", "descent", "recursion"]) == ["recursion", "descent"]


def test_figures_and_pages_are_written(facts, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train, "collect_facts", lambda *_: facts)
    monkeypatch.setattr(recursion, "train_loop", recursion.train_compiled)
    monkeypatch.setattr(softmax_fault, "_N_SEEDS", 2)
    names = ["recursion", "softmax_fault"]
    arguments = (*names, "--seed", str(SEED), "--out", str(tmp_path / "out"))
    assert call(train.main, *arguments, monkeypatch=monkeypatch) == 0
    out = {path.name: path for path in (tmp_path / "out").iterdir()}
    assert set(out) == {f"{name}.{kind}" for name in names for kind in ("md", "png", "svg")}
    assert all(out[f"{name}.png"].read_bytes().startswith(b"\x89PNG") for name in names)
    text = capsys.readouterr().out
    assert all(str(path) in text for path in out.values())
    assert "| |z| = 1e4 " in text
    page = out["softmax_fault.md"].read_text(encoding="utf-8")
    assert "![softmax_fault](softmax_fault.png)" in page
    assert r"| \|z\| = 1e4 " in page
    assert "python -m scripts.train all" in page


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Curves go to a folder of the test, which is returned."""
    monkeypatch.setattr(losses, "FOLDER", tmp_path / "losses")
    monkeypatch.setattr(losses, "PROVENANCE", tmp_path / "provenance")
    monkeypatch.setattr(project, "PROVENANCE", tmp_path / "provenance")
    return losses.FOLDER


def train_descent(tmp_path, monkeypatch, *argv):
    return call(train.main, "descent", *argv, "--out", str(tmp_path), monkeypatch=monkeypatch)


def test_descent_leaves_loss_against_seconds_for_the_page(kept, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_written, "write", lambda *_: [])
    for _ in range(2):  # the second writes over the first
        assert train_descent(tmp_path, monkeypatch, "--seed", str(SEED)) == 0
    paths = sorted(kept.iterdir())
    assert [path.name for path in paths] == [
        f"linear-matrix-{solver}.json" for solver in ("gd", "minibatch", "sgd")
    ]
    assert all(str(path) in capsys.readouterr().out for path in paths[:1])
    found = {curve.solver: curve for curve in losses.load_losses(state_of(working_tree()))}
    data = descent.draw_data(SEED)
    assert {curve.least_loss for curve in found.values()} == {data.loss(data.least_squares)}
    assert found["gd"].seed == SEED
    assert found["gd"].epochs == tuple(range(1, 51))
    fit = next(each for each in descent.train(data, "matrix", SEED) if each.solver == "gd")
    assert found["gd"].losses == pytest.approx(fit.solution.loss)
    assert found["sgd"].seconds[-1] > found["sgd"].seconds[0] > 0


def test_a_clone_that_cannot_be_written_to_trains_all_the_same(kept, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_written, "write", lambda *_: [])
    kept.write_text("a file in place of the folder")
    assert train_descent(tmp_path, monkeypatch) == 0
    assert "The page will lack the loss against seconds: " in capsys.readouterr().err


@pytest.fixture(scope="module")
def drawings(line, runs, findings, digits, trainings):
    return {
        "fit": descent._draw_fit(line, list(runs.values()), Facts()),
        "loss": descent._draw_losses(line, list(runs.values()), Facts()),
        "recursion": recursion._draw(findings, Facts()),
        "softmax_fault": softmax_fault._draw(trainings, digits, Options(), Facts()),
    }


@pytest.mark.parametrize("name", ["fit", "loss", "recursion", "softmax_fault"])
def test_nothing_is_cut_off_or_overlaps(drawings, name):
    figure = drawings[name]
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert figure.texts[-1].get_window_extent().y1 <= legend.y0
    assert "some machine" in figure.texts[-1].get_text()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for box in boxes:
        assert legend.y1 <= box.y0 < box.y1 <= figure.bbox.y1
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_losses_are_drawn_by_epochs_time_and_updates(drawings, line, runs):
    above = drawings["loss"].axes[:3]
    assert [axes.get_xlabel() for axes in above] == ["epoch", "time", "updates"]
    curves = [axes.lines[2] for axes in above]  # minibatch is the last of the three
    assert [curve.get_xdata()[-1] for curve in (curves[0], curves[2])] == [50, 1000]
    assert curves[1].get_xdata()[-1] == pytest.approx(runs["minibatch"].solution.seconds)
    least = line.loss(line.least_squares)
    assert all(axes.lines[3].get_ydata()[0] == least for axes in above)


# A file that is not in the table


def test_a_file_of_the_package_is_the_module_itself():
    implementation = _table.load_file("softmax", FAULTY)
    assert implementation.kernel is _batch_softmax.gradient
    assert (implementation.name, implementation.passes) == ("batch_softmax", 2)
    assert implementation.source == "the file impls/softmax/_batch_softmax.py"


def test_check_tells_that_the_faulty_file_is_wrong(monkeypatch, capsys):
    assert call(check.main, "softmax", "--file", str(FAULTY), monkeypatch=monkeypatch) == 1
    text = capsys.readouterr().out
    assert "WRONG softmax/batch_softmax: 10 x 10: component 0, 0: got " in text
    assert "1 checked, 1 wrong" in text


def test_check_passes_a_file_from_elsewhere(tmp_path, monkeypatch, capsys):
    path = tmp_path / "mine.py"
    path.write_text(RIGHT)
    assert call(check.main, "softmax", "--file", str(path), monkeypatch=monkeypatch) == 0
    assert "1 checked, 0 wrong" in capsys.readouterr().out
    assert "mine" not in impls.names("softmax")


def test_a_file_may_hold_a_dataclass(tmp_path):
    path = tmp_path / "with_class.py"
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    path.write_text(f"{head}\n@dataclass\nclass A:\n    b: int\n{RIGHT}")
    assert _table.load_file("softmax", path).name == "with_class"


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("mine.py", "", impls.BadPlugin, "mine.py has no function gradient(weights, X, y)"),
        ("mine.py", "1 +", impls.BadPlugin, "mine.py fails to import: SyntaxError"),
        ("mine.py", "import sys; sys.exit(3)", impls.BadPlugin, "fails to import: SystemExit"),
        ("mine.py", "import impls.softmax._no", impls.BadPlugin, "no module impls.softmax._no"),
        ("mine.py", "import no_such_thing", impls.Unavailable, "pip install no_such_thing"),
        ("loss.py", RIGHT, impls.BadPlugin, "has the name of the problem's own loss"),
        ("my-own.py", RIGHT, impls.BadPlugin, "the name 'my-own' is not a letter, then"),
        ("mine.txt", RIGHT, impls.BadPlugin, "mine.txt is no Python module"),
    ],
)
def test_a_file_that_breaks_the_contract_is_named(tmp_path, name, text, error, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(error) as caught:
        _table.load_file("softmax", path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("argv", "error", "message"),
    [
        (["softmax", "--file", "no.py"], UserError, "there is no file no.py"),
        (["--file", "no.py"], UserError, "--file needs the name of its problem too: one of linear"),
        (["softmax/matrix", "--file", "no.py"], UserError, "needs a problem alone, not 'softmax"),
        (["softmx", "--file", "no.py"], UserError, "did you mean softmax?"),
    ],
)
def test_check_refuses_a_file_that_it_cannot_place(argv, error, message, monkeypatch):
    with pytest.raises(error) as caught:
        call(check.main, *argv, monkeypatch=monkeypatch)
    assert message in str(caught.value)


def test_help_has_examples():
    command = [sys.executable, "-m", "scripts.train", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "examples:\n  python -m scripts.train" in done.stdout


def test_a_table_keeps_its_note_below():
    table = TextTable("Title", ["a", "b"], [["x|y", "1"]], "The note.")
    assert table.text.startswith("## Title\n\n| a   |   b |")
    assert table.text.endswith("| x|y |   1 |\n\nThe note.")
    assert r"x\|y" in table.markdown
    assert Outcome([table]).figures == {}
