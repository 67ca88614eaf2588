"""Contents of result files appear on asv's pages as text, or are not published."""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from asv import util
from asv.publishing import OutputPublisher

from scripts._common import project
from scripts._common.errors import UserError
from scripts._measured import driver
from scripts._measured.safe_pages import SafePages, refuse_markup

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).parent / "data"
BENCHMARK = "gradient.logistic.time_gradient"
IMAGE = "<img src=x onerror=alert(1)>"
CODE = f'def f():\n    return "</pre>" if 1 < 2 else "{IMAGE}"'


class Folder:
    """A results folder; its files can be changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.result_file = path / "recorded" / "f358501e-existing.json"
        self.result_file.parent.mkdir(parents=True)
        shutil.copy(DATA / "results.json", self.result_file)
        recorded = json.loads(self.result_file.read_text())
        cpu = recorded["params"]["cpu"]
        self.write("recorded/machine.json", {"machine": "recorded", "cpu": cpu, "version": 1})
        params = recorded["results"][BENCHMARK][1]
        names = ["implementation", "n_samples", "n_features"]
        benchmark = {"name": BENCHMARK, "code": CODE, "unit": "seconds", "version": "1"}
        benchmark |= {"params": params, "param_names": names, "type": "time"}
        self.write("benchmarks.json", {BENCHMARK: benchmark, "version": 2})

    def write(self, name, data):
        (self.path / name).write_text(json.dumps(data))

    def read(self, name):
        return json.loads((self.path / name).read_text())

    @property
    def benchmarks(self):
        return {
            key: value for key, value in self.read("benchmarks.json").items() if key != "version"
        }

    def refuse(self, tags=()):
        refuse_markup(str(self.path), self.benchmarks, tags)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "results")


def change(folder, name, *keys, value=IMAGE):
    """Set the value that the keys lead to in a file; if the last key is None, add it as a key."""
    data = folder.read(name)
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    if keys[-1] is None:
        inner[value] = "1"
    else:
        inner[keys[-1]] = value
    folder.write(name, data)


RESULT_FILE = "recorded/f358501e-existing.json"


def test_what_a_run_writes_is_published(folder):
    folder.refuse(["v1.0", "release/2"])


@pytest.mark.parametrize("value", [IMAGE, '"><script>alert(1)</script>', "' onclick='f()", "&lt;"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("recorded/machine.json", ("cpu",)),
        ("recorded/machine.json", (None,)),
        ("benchmarks.json", (BENCHMARK, "name")),
        ("benchmarks.json", (None,)),
        ("benchmarks.json", (BENCHMARK, "pretty_name")),
        ("benchmarks.json", (BENCHMARK, "unit")),
        ("benchmarks.json", (BENCHMARK, "param_names", 0)),
        (RESULT_FILE, ("params", None)),
        (RESULT_FILE, ("env_vars", None)),
    ],
)
def test_markup_is_refused_and_its_place_named(folder, name, keys, value):
    if name == "benchmarks.json" and keys == (None,):
        benchmarks = folder.benchmarks
        folder.write(name, {value: benchmarks[BENCHMARK], "version": 2})
    else:
        change(folder, name, *keys, value=value)
    with pytest.raises(util.UserError, match="would take for markup; correct it") as caught:
        folder.refuse()
    assert str(folder.path / name) in str(caught.value)
    assert repr(value) in str(caught.value)


def test_markup_inside_of_a_list_is_refused(folder):
    change(folder, "recorded/machine.json", "note", value=[{"a": [IMAGE]}])
    with pytest.raises(util.UserError, match="markup"):
        folder.refuse()


def test_markup_in_a_folder_below_is_refused(folder):
    """asv looks for results at any depth."""
    below = folder.path / "recorded" / "below"
    below.mkdir()
    change(folder, "recorded/machine.json", "cpu")
    (folder.path / "recorded" / "machine.json").rename(below / "machine.json")
    with pytest.raises(util.UserError, match="markup"):
        folder.refuse()


def test_markup_in_a_tag_is_refused(folder):
    with pytest.raises(util.UserError, match=r"a tag of the repository holds '<img/src"):
        folder.refuse(["v1", "<img/src=x/onerror=alert(1)>"])


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_parameter_that_names_another_folder_is_refused(folder, name):
    change(folder, RESULT_FILE, "params", None, value=name)
    with pytest.raises(util.UserError, match="names another folder") as caught:
        folder.refuse()
    assert str(folder.path / RESULT_FILE) in str(caught.value)


def test_asv_checks_before_it_publishes_anything_else():
    assert all(
        SafePages.order < other.order
        for other in OutputPublisher.__subclasses__()
        if other is not SafePages
    )


@pytest.fixture
def repository(folder, tmp_path, monkeypatch):
    """A repository with the commit of the recorded results, and a configuration."""
    for variable in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(variable, "/dev/null")
    name = ["-c", "user.name=me", "-c", "user.email=me@example.invalid"]
    git = ["git", "-C", str(tmp_path), *name]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "first"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    change(folder, RESULT_FILE, "commit_hash", value=head.stdout.strip())
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    settings = {"version": 1, "project": "p", "repo": ".", "branches": ["HEAD"]}
    settings |= {"results_dir": "results", "html_dir": "html", "benchmark_dir": "."}
    settings["plugins"] = [".scripts._measured.safe_pages"]
    (tmp_path / "asv.conf.json").write_text(json.dumps(settings))
    return tmp_path


def publish(repository):
    command = [sys.executable, "-m", "asv", "publish", "--no-pull"]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


def test_code_is_published_escaped(repository):
    done = publish(repository)
    assert done.returncode == 0, done.stdout
    index = json.loads((repository / "html" / "index.json").read_text())
    assert index["benchmarks"][BENCHMARK]["code"] == html.escape(CODE)
    assert "<" not in index["benchmarks"][BENCHMARK]["code"]


def test_plain_asv_publishes_nothing_of_what_is_refused(folder, repository):
    change(folder, "recorded/machine.json", "cpu")
    done = publish(repository)
    assert done.returncode == 1
    assert "machine.json holds" in done.stdout + done.stderr
    assert not (repository / "html" / "index.json").exists()


def test_the_command_refuses_in_a_sentence(folder, repository, monkeypatch):
    change(folder, "recorded/machine.json", "cpu")
    monkeypatch.setattr(driver, "STATE", repository)
    monkeypatch.chdir(repository)
    with pytest.raises(UserError, match=r"nothing is published: .*machine.json holds '<img"):
        driver.publish(repository / "asv.conf.json", "0" * 40)


def test_without_results_the_command_says_how_to_make_some(folder, repository, monkeypatch):
    monkeypatch.chdir(repository)
    (folder.path / "benchmarks.json").unlink()
    with pytest.raises(UserError, match=r"no results yet; make some: python -m scripts\.run"):
        driver.publish(repository / "asv.conf.json", "0" * 40)


def test_damaged_results_are_one_sentence(folder, repository, monkeypatch):
    monkeypatch.chdir(repository)
    (folder.path / "benchmarks.json").write_text("{")
    with pytest.raises(
        UserError, match=r"list of benchmarks .*benchmarks\.json cannot be read \(it is no JSON at"
    ) as caught:
        driver.publish(repository / "asv.conf.json", "0" * 40)
    assert "\n" not in str(caught.value)


def damage_beside(folder):
    """Put what cannot be read beside the good files; return the names."""
    huge = folder.read(RESULT_FILE)
    huge["results"] = {BENCHMARK: [[1.0], [[str(i) for i in range(1000)]] * 5, "1"]}
    folder.write("recorded/huge.json", huge)
    folder.write("recorded/nothing.json", None)
    (folder.path / "recorded" / "cut.json").write_text('{"version": 2, "par')
    os.mkfifo(folder.path / "recorded" / "pipe.json")
    for name, machine in {"null": None, "nameless": {"version": 1, "machine": None}}.items():
        (folder.path / name).mkdir()
        folder.write(f"{name}/machine.json", machine)
        shutil.copy(folder.result_file, folder.path / name)
    return ["huge.json", "nothing.json", "cut.json", "pipe.json", "null", "nameless"]


def test_damaged_files_beside_good_ones_are_named_and_the_rest_is_published(
    folder, repository, monkeypatch, capsys
):
    names = damage_beside(folder)
    monkeypatch.setattr(driver, "STATE", repository)
    monkeypatch.chdir(repository)
    driver.publish(repository / "asv.conf.json", "0" * 40)
    told = capsys.readouterr().err
    assert all(f"{name}" in told for name in names)
    assert told.count("left aside: ") == told.count("\n") == len(names)
    index = json.loads((repository / "html" / "index.json").read_text())
    assert list(index["machines"]) == ["recorded"]
    assert list(index["benchmarks"]) == [BENCHMARK]


def test_plain_asv_publishes_what_is_good(folder, repository):
    damage_beside(folder)
    done = publish(repository)
    assert done.returncode == 0, done.stdout
    assert "huge.json cannot be read" in " ".join((done.stdout + done.stderr).split())
    index = json.loads((repository / "html" / "index.json").read_text())
    assert list(index["machines"]) == ["recorded"]


def test_the_projects_configuration_names_the_check():
    settings = util.load_json(str(project.ROOT / "asv.conf.json"), js_comments=True)
    assert ".scripts._measured.safe_pages" in settings["plugins"]
