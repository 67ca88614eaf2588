"""What numba needs around it: a compiler, threads, a folder for compiled code.

numba is imported only for callers that use it.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from impls._errors import Unavailable

_CACHE_VARIABLE = "NUMBA_CACHE_DIR"
_DEFAULT_LAYER = "default", ["tbb", "omp", "workqueue"]


def find_cache(folder: Path | None) -> None:
    """Give numba a folder for its cache if it can write to none; call this before the import.

    Without a folder, numba refuses to define functions with ``cache=True``. It tries
    NUMBA_CACHE_DIR if that is set, otherwise the ``__pycache__`` beside the code and the user's
    cache folder. A NUMBA_CACHE_DIR that cannot be written is replaced by a private folder whose
    name is derived from it, so that separate caches stay separate.

    Parameters
    ----------
    folder : Path or None
        Folder of the code; None if it is not known.
    """
    asked = _asked_folder()
    beside = [folder / "__pycache__"] if folder else []
    places = [Path(asked).absolute()] if asked else [*beside, _user_cache()]
    if os.name != "posix" or any(map(_can_write, places)):
        return
    found = _make_private(asked)
    if found:
        _set_cache(found)
        tried = " or ".join(map(str, places))
        print(
            f"gradmark: numba keeps compiled code in {found}, because it cannot write to {tried}; "
            f"{_CACHE_VARIABLE} names another folder",
            file=sys.stderr,
        )


def lacks_cache(error: BaseException) -> bool:
    """Whether the error is numba's for a missing cache folder."""
    return isinstance(error, RuntimeError) and "no locator available" in str(error)


def require_compiler() -> None:
    """Refuse compiled code if numba's compiler is switched off.

    Raises
    ------
    Unavailable
    """
    if _numba().config.DISABLE_JIT:
        raise Unavailable("NUMBA_DISABLE_JIT=1 switches compiled code off; unset it")


def require_threads() -> None:
    """Refuse code that needs numba's threads if no threading layer is available.

    The test loads the threading layer, so it is made only if the user chose a layer. Of the default
    layers one is always available, and a process that has loaded GNU OpenMP must not fork.

    Raises
    ------
    Unavailable
    """
    config = _numba().config
    if (config.THREADING_LAYER, config.THREADING_LAYER_PRIORITY) == _DEFAULT_LAYER:
        return
    try:
        _numba().get_num_threads()
    except ValueError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise Unavailable(
            f"numba has no threads: {reason}; or unset NUMBA_THREADING_LAYER and "
            "NUMBA_THREADING_LAYER_PRIORITY"
        ) from error


def require_surroundings(module: Any) -> None:
    """Refuse an implementation that numba cannot compile or run here.

    Raises
    ------
    Unavailable
    """
    if isinstance(module, ModuleType) and (_requires_numba(module) or _holds_numba(module)):
        require_compiler()
        if getattr(module, "THREADS", None) != 1:
            require_threads()


def limit_threads(n_threads: int) -> None:
    """Let numba, if it is loaded, use at most `n_threads`."""
    if "numba" in sys.modules:
        with suppress(ValueError):  # no threading layer, so there is nothing to limit
            _numba().set_num_threads(min(n_threads, _numba().config.NUMBA_NUM_THREADS))


def _numba() -> Any:
    """numba, imported by name, because a statement would make every gradient depend on it."""
    return importlib.import_module("numba")


def _requires_numba(module: ModuleType) -> bool:
    return "numba" in str(getattr(module, "REQUIRES", "")).split()


def _holds_numba(module: ModuleType) -> bool:
    """Whether a module, or one whose functions it uses, contains an object of numba."""
    return "numba" in sys.modules and any(
        _is_of_numba(value) for part in _parts(module) for value in vars(part).values()
    )


def _parts(module: ModuleType) -> list[ModuleType]:
    """The module, and the modules of its package and of `impls` that define its functions."""
    own = {"impls", module.__name__.partition(".")[0]}
    names = {str(getattr(value, "__module__", "")) for value in vars(module).values()}
    near = [name for name in names if name.partition(".")[0] in own]
    return [module, *(sys.modules[name] for name in near if name in sys.modules)]


def _is_of_numba(value: Any) -> bool:
    """Whether a value is numba, one of its functions or classes, or an instance of one."""
    own = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    origins = (str(name).partition(".")[0] for name in (own, type(value).__module__))
    return "numba" in origins


def _asked_folder() -> str:
    """Cache folder that the user set, by NUMBA_CACHE_DIR or numba's configuration; may be empty."""
    config = getattr(sys.modules.get("numba"), "config", None)
    return str(getattr(config, "CACHE_DIR", "") or os.environ.get(_CACHE_VARIABLE, ""))


def _set_cache(folder: Path) -> None:
    """Set numba's cache folder for this process and its children."""
    os.environ[_CACHE_VARIABLE] = str(folder)
    if "numba" in sys.modules:
        _numba().config.CACHE_DIR = str(folder)


def _user_cache() -> Path:
    """Folder in which numba keeps code that it cannot keep beside the source."""
    # pathlib's expanduser raises if there is no home folder.
    home = Path(os.path.expanduser("~"))  # noqa: PTH111
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "numba"
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache")) / "numba"


def _can_write(folder: Path) -> bool:
    """Whether files can be created in a folder, which need not exist yet.

    A relative path, such as an unknown home, does not count.
    """
    existing = next(path for path in (folder, *folder.parents) if os.access(path, os.F_OK))
    return folder.is_absolute() and existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def _make_private(asked: str) -> Path | None:
    """A folder that other users cannot write to, because numba runs code from its cache."""
    apart = f"-{hashlib.sha256(asked.encode()).hexdigest()[:8]}" if asked else ""
    with suppress(OSError):
        folder = Path(tempfile.gettempdir()) / f"gradmark-numba-{os.geteuid()}{apart}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        return folder if _is_private(folder) else Path(tempfile.mkdtemp(prefix="gradmark-numba-"))
    return None


def _is_private(folder: Path) -> bool:
    """Whether it is the user's own folder, no link, and closed to writes of other users."""
    status = folder.lstat()
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return own and not status.st_mode & 0o022 and _can_write(folder)
