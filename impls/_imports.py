"""Import closures: the files and libraries that a module uses, found without running it.

A measured value is stale once its closure has changed. A closure follows ``import`` statements, at
the top of a file or inside a function. ``import impls`` adds the modules of the names that are
used from it, and no others, so that a gradient's closure does not hold the solvers. A data file
beside a source file belongs to the closure if the source names it in a string, as in
``ctypes.CDLL(Path(__file__).with_name("kernel.so"))``.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path, PurePosixPath

_SUFFIXES = (".py", *EXTENSION_SUFFIXES)
# This package re-exports names of its modules: the modules are followed, its own file is not.
_FACADE = "impls"


@dataclass(frozen=True)
class Closure:
    """Files and libraries that a module uses.

    Attributes
    ----------
    files : frozenset of str
        Paths relative to the parent of the package's folder, with slashes:
        ``impls/logistic/matrix.py``.
    libraries : frozenset of str
        Installed distributions and the distributions that they require.
    """

    files: frozenset[str]
    libraries: frozenset[str]


class Sources:
    """Packages whose files may be edited, by import name.

    Parameters
    ----------
    packages : Mapping[str, Path]
        Folder (or file) of each package: ``{"impls": Path("impls")}``. Packages installed in
        development mode, and packages of no distribution, are added when an import names them.
    """

    def __init__(self, packages: Mapping[str, Path]) -> None:
        self._packages = dict(packages)
        self._direct: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    @property
    def packages(self) -> list[str]:
        """Names of the packages."""
        return list(self._packages)

    def closure(self, roots: Iterable[str]) -> Closure:
        """Closure of the files `roots`: these files and all that they import."""
        seen: set[str] = set()
        libraries: set[str] = set()
        waiting = [root for root in roots if self.locate(root).is_file()]
        while waiting:
            file = waiting.pop()
            if file not in seen:
                seen.add(file)
                files, used = self._read(file)
                libraries |= used
                waiting += files - seen
        return Closure(frozenset(seen), frozenset(libraries).union(*map(requirements, libraries)))

    def files(self, package: str) -> list[str]:
        """Modules of a package, sorted: Python files and compiled extensions."""
        folder = self._packages.get(package, Path())
        if folder.is_file():
            return [folder.name]
        if package not in self._packages:
            return []
        paths = (path for path in folder.rglob("*") if path.name.endswith(_SUFFIXES))
        return sorted(self._name(package, path) for path in paths if path.is_file())

    def locate(self, file: str) -> Path:
        """Path of a closure's file on disk."""
        top, *rest = PurePosixPath(file).parts
        if not rest:  # a package that is one file
            return self._packages.get(PurePosixPath(top).stem, Path(top))
        return self._packages.get(top, Path(top)).joinpath(*rest)

    def _name(self, package: str, path: Path) -> str:
        return PurePosixPath(package, path.relative_to(self._packages[package])).as_posix()

    def _read(self, file: str) -> tuple[frozenset[str], frozenset[str]]:
        """Files and distributions that a file names directly."""
        if file not in self._direct:
            files: set[str] = set()
            libraries: set[str] = set()
            tree = _parse(self.locate(file))
            for module in filter(None, _imported_modules(tree, PurePosixPath(file))):
                files |= self._files_of(module)
                libraries |= self._library_of(module)
            files |= self._data_beside(file, tree)
            self._direct[file] = frozenset(files), frozenset(libraries)
        return self._direct[file]

    def _files_of(self, module: str) -> set[str]:
        """Files that run when a module is imported, or that define a name of the facade."""
        top, *rest = module.split(".")
        if not self._is_source(top):
            return set()
        if self._packages[top].is_file():
            return {self._packages[top].name}
        files = {self._find(top, rest[:depth]) for depth in range(len(rest) + 1)} - {""}
        if top == _FACADE:
            files.discard(f"{top}/__init__.py")
            if rest and not self._find(top, rest[:1]):
                return set().union(*map(self._files_of, self._facade().get(rest[0], ())))
        return files

    def _find(self, package: str, parts: list[str]) -> str:
        """File of a module by the parts of its name; empty if there is none."""
        folder = self._packages[package]
        path = folder.joinpath(*parts)
        candidates = [path / "__init__.py"]
        if parts:
            candidates += [path.with_name(f"{path.name}{suffix}") for suffix in _SUFFIXES]
        return next((self._name(package, file) for file in candidates if file.is_file()), "")

    def _facade(self) -> Mapping[str, set[str]]:
        """Modules that define each name of the facade."""
        names: dict[str, set[str]] = {}
        for node in ast.walk(_parse(self._packages[_FACADE] / "__init__.py")):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    names.setdefault(alias.asname or alias.name, set()).add(node.module)
        return names

    def _is_source(self, top: str) -> bool:
        if top not in self._packages and top not in sys.stdlib_module_names:
            path = _editable_path(top)
            if path is not None:
                self._packages[top] = path
        return top in self._packages

    def _library_of(self, module: str) -> set[str]:
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or self._is_source(top):
            return set()
        return set(_distributions(top))

    def _data_beside(self, file: str, tree: ast.AST) -> set[str]:
        """Files in the same folder that the source names in a string."""
        folder = self.locate(file).parent
        texts = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        names = {text for text in texts if re.fullmatch(r"\w[\w.-]{0,99}\.\w{1,9}", text)}
        names.discard("__init__.py")  # a source that names it means no data file
        parent = PurePosixPath(file).parent
        return {(parent / name).as_posix() for name in names if (folder / name).is_file()}


def _parse(path: Path) -> ast.AST:
    """Syntax tree of a source; empty if Python cannot parse it."""
    try:
        return ast.parse(path.read_bytes() if path.suffix == ".py" else b"")
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _imported_modules(tree: ast.AST, file: PurePosixPath) -> Iterator[str]:
    """Dotted names that may be modules, from imports and from uses of the facade."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, file)
            yield from (base, *(f"{base}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}" if node.value.id == _FACADE else ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # importlib.import_module may get this name.
            yield node.value if re.fullmatch(rf"{_FACADE}(\.\w+)+", node.value) else ""


def _absolute(node: ast.ImportFrom, file: PurePosixPath) -> str:
    """Module of a ``from MODULE import`` statement, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    package = file.parent.parts[: len(file.parent.parts) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


@functools.cache
def requirements(library: str) -> frozenset[str]:
    """Installed distributions that a library requires, directly or not."""
    found: set[str] = set()
    waiting = [library]
    while waiting:
        new = set(filter(_is_installed, _requires(waiting.pop()))) - found
        found |= new
        waiting += new
    return frozenset(found)


def _requires(library: str) -> list[str]:
    """Distributions that a library requires without any extra."""
    try:
        texts = distribution(library).requires or []
    except PackageNotFoundError:
        return []
    return [_normalise(re.split(r"[^\w.-]", text)[0]) for text in texts if "extra ==" not in text]


def _is_installed(library: str) -> bool:
    try:
        return distribution(library) is not None
    except PackageNotFoundError:
        return False


def _normalise(name: str) -> str:
    """A distribution's normalised name: scikit_learn is scikit-learn."""
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.cache
def _distributions(top: str) -> frozenset[str]:
    """Distributions that install a package; the package's own name if there are none."""
    if _is_installed(top):  # the usual case; the other one reads the file lists of all
        return frozenset([_normalise(top)])
    return frozenset(map(_normalise, _all_distributions().get(top, [top])))


@functools.cache
def _all_distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


@functools.cache
def _editable_path(top: str) -> Path | None:
    """Folder or file of a package whose source is used in place; None for an installed copy."""
    spec = PathFinder.find_spec(top)  # imports nothing, because the package is top-level
    if spec is None or not any(map(_is_editable, _distributions(top))):
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin else None


def _is_editable(library: str) -> bool:
    try:
        text = distribution(library).read_text("direct_url.json")
    except PackageNotFoundError:
        return True  # on the path, but of no distribution
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))
