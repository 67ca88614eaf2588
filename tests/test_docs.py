"""README.md, CONTRIBUTING.md and docs/ agree with the tree."""

from __future__ import annotations

import functools
import importlib
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOT_PAGES = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")]
PAGES = [*ROOT_PAGES, *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = sorted(path.stem for path in (ROOT / "scripts").glob("[!_]*.py"))
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
VARIABLE = re.compile(r"GRADMARK_[A-Z_]*[A-Z]")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
every_command = pytest.mark.parametrize("command", COMMANDS)


def read(page):
    return page.read_text(encoding="utf-8")


def anchors(page):
    """Anchors of a page's headings, as code-hosting sites make them."""
    headings = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}


def local_links(page):
    """Targets of links and images that are files of the tree."""
    targets = re.findall(r"\]\(([^)\s]+)\)", read(page))
    return [target for target in targets if "://" not in target]


def statements(page):
    """Each mention of a command, with the text after it up to the end of the code or the line."""
    text = read(page).replace("\\\n", " ")
    return re.findall(r"python -m scripts\.(?!NAME)(\w+)([^`\n]*)", text)


def section(command):
    """The section of docs/commands.md about a command."""
    parts = re.split(
        r"^`python -m scripts\.(\w+)`", read(ROOT / "docs" / "commands.md"), flags=re.M
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))[command].partition("\n## ")[0]


@functools.cache
def options(command):
    """Options of a command, from its help."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), pytest.raises(SystemExit):
        patch.setattr(sys, "argv", [command, "--help"])
        importlib.import_module(f"scripts.{command}").main()
    listed = out.getvalue().partition("options:")[2].partition("\nexamples:")[0]
    return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", listed, re.MULTILINE))


def test_the_readme_answers_within_130_lines():
    assert len(read(ROOT / "README.md").splitlines()) <= 130


@every_page
def test_links_and_images_lead_somewhere(page):
    for target in local_links(page):
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@every_page
def test_commands_and_their_options_exist(page):
    for command, rest in statements(page):
        assert command in COMMANDS
        assert set(OPTION.findall(rest)) <= options(command), (command, rest)


@every_command
def test_every_command_is_in_the_readme(command):
    assert f"`python -m scripts.{command}`" in read(ROOT / "README.md")


@every_command
def test_every_option_is_explained(command):
    assert set(OPTION.findall(section(command))) == options(command) - {"--help"}


def test_environment_variables_are_those_of_the_code():
    files = [ROOT / "asv.conf.json", ROOT / "tests" / "_browser.py"]
    files += [p for name in ("impls", "benchmarks", "scripts") for p in (ROOT / name).rglob("*.py")]
    used = {name for path in files for name in VARIABLE.findall(read(path))}
    assert {name for page in PAGES for name in VARIABLE.findall(read(page))} == used


@every_page
def test_files_of_the_tree_that_are_named_exist(page):
    """Paths in code spans; a placeholder such as ``<name>`` or ``NAME`` names no file."""
    named = re.findall(r"`((?:impls|scripts|benchmarks|tests|docs|reports)/[\w./-]+)`", read(page))
    for name in named:
        assert (ROOT / name).exists() or name == "impls/logistic/mine.py", name


def test_make_alone_lists_targets_and_commands():
    text = read(ROOT / "Makefile")
    assert ".DEFAULT_GOAL := help" in text
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()
    assert all(re.search(rf"^{target}:.*## ", text, re.MULTILINE) for target in targets)
