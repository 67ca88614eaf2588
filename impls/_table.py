"""The plug-in table: list without importing, import one on request, check the contract.

An implementation is a module with a docstring and ``gradient(weights, X, y)``. It may have
``prepare(X, y)`` (untimed: casting, memory order, compilation), the functions and the constants
below. NumPy
arrays that `prepare` returns hold the values of X and y to rounding, so that they may be prepared
again; values in any other encoding need a type of their own. The number behind ``Passes over X:``
in the docstring is how often X is read from memory when it does not fit in cache.

==================  ===========================================================================
``loss_gradient``   ``(weights, X, y)``: the loss and the gradient, in fewer passes than both apart
``evaluate``        ``(weights, X, y, sample_weight, intercept)``: the loss, the gradient and the
                    intercept's gradient, with a weight per sample (or None) and an intercept that
                    is added to each inner product
``make_hessian``    ``(weights, X, y, sample_weight, intercept)``: a function of a vector and a
                    number for the intercept that returns the Hessian times both, as such a pair;
                    its ``matrix()``, if it has one, returns all of it, the intercept last
==================  ===========================================================================

==================  ===========================================================================
``RTOL``            largest error, relative to the sum of the absolute terms, that counts as
                    right; its comment gives the reason (default 1e-12, see `DEFAULT_RTOL`)
``MAX_ELEMENTS``    largest n_samples * n_features that is run; above it, a call takes too long
``MAX_SAMPLES``     largest n_samples that is run
``MIN_ELEMENTS``    least n_samples * n_features that is run; below it, the implementation is not
                    meant to be used
``KERNEL``          name of the implementation that computes on each block of rows, for one that
                    takes X from a file or from other machines; ``name:kernel`` is the same around
                    another. Its ``prepare(X, y, kernel)`` gets X and y unchecked and uncast
``THREADS``         1 for compiled code that is serial and needs no threading layer of numba; no
                    other value is accepted
``PREPARED_COPIES`` memory that `prepare` adds, in units of X's own bytes (default 0)
``BYTES_PER_VALUE`` size of a value of the prepared X (default 8): 4 for float32, 2 for float16;
                    data that this type cannot hold are refused before `prepare` is called
``X_TYPES``         types of X, besides float64, that `prepare` takes as they are, as NumPy names
                    them, separated by spaces (default "float32" where BYTES_PER_VALUE is 4)
``REQUIRES``        packages to install, as pip names them, separated by spaces
``PEER``            name of the library that does the work; it marks a peer, which users would
                    choose instead of an implementation of this project
==================  ===========================================================================
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import importlib.util
import inspect
import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from impls import _compiled
from impls._casting import check_narrow_gradient, check_single, check_stored, in_float64
from impls._checks import as_plain
from impls._errors import BadPlugin, Unavailable, UnknownName, told
from impls._forms import Form, form_of
from impls._frames import as_array

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
    Kernel = Callable[[Array, Array, Array], Array]
    Prepare = Callable[[Array, Array], tuple[Array, Array]]

# Random rounding of a float64 sum of 1e7 terms is about sqrt(1e7) * 1.1e-16 = 3.5e-13 of the
# absolute terms. A wrong formula is off by far more than 1e-12.
DEFAULT_RTOL = 1e-12

# Smallest and largest accepted value of each numeric constant.
_LIMITS = {
    "RTOL": (0.0, 0.01),
    "MAX_ELEMENTS": (1, math.inf),
    "MAX_SAMPLES": (1, math.inf),
    "MIN_ELEMENTS": (1, math.inf),
    "PREPARED_COPIES": (0, 1000),
    "BYTES_PER_VALUE": (1, 16),
}

# Largest RTOL by bytes per value: rounding of that type, with room for long sums. A larger RTOL
# would accept a wrong formula.
_MOST_RTOL = {8: 1e-9, 4: 1e-4}

# Optional functions beside the gradient, and their arguments.
_PARTS = {
    "loss_gradient": ("weights", "X", "y"),
    "evaluate": ("weights", "X", "y", "sample_weight", "intercept"),
    "make_hessian": ("weights", "X", "y", "sample_weight", "intercept"),
}

# Constants that are texts.
_TEXTS = ("KERNEL", "PEER", "REQUIRES", "X_TYPES")
# Constants of its kernel that an implementation with a KERNEL takes over.
_KERNELS = ("RTOL", "BYTES_PER_VALUE")

_PACKAGE = Path(__file__).parent
# Packages beside the problems that are no problems.
_NOT_PROBLEMS = frozenset({"solvers"})
_NAME = re.compile(r"[A-Za-z]\w*")
_PASSES = re.compile(r"Passes\s+over\s+X:\s*(\d+)")

# Forms of X and y that each module's `prepare` has returned in this process.
_FORMS: WeakKeyDictionary[ModuleType, set[tuple[Form, Form]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Implementation:
    """One entry of the table, imported and checked.

    Attributes
    ----------
    name, problem : str
        Names in the table.
    doc : str
        The module's docstring, empty if it has none.
    options : Mapping[str, Any]
        The module's upper-case constants.
    source : str
        The file or entry point that defines it.
    kernel : callable
        The module's own ``gradient``, without checks. This is what is timed.
    parts : Mapping[str, callable]
        Those of the module's ``loss_gradient``, ``evaluate`` and ``make_hessian`` that it has.
    """

    name: str
    problem: str
    doc: str
    options: Mapping[str, Any]
    source: str
    kernel: Kernel
    parts: Mapping[str, Callable[..., Any]] = field(repr=False, compare=False)
    _prepare: Prepare | None
    _path: str | None = field(repr=False)
    _forms: set[tuple[Form, Form]] = field(repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by name, or by path if it was loaded from a file outside of the table."""
        return _load_again, (self.problem, self.name, self._path, self._forms)

    def prepare(self, X: Array, y: Array) -> tuple[Array, Array]:
        """Check X and y against the problem, then cast and lay them out as the kernel needs.

        pandas' DataFrame and Series are taken as arrays. The module's own ``prepare`` gets X in
        float64, unless it takes X's own type (`X_TYPES`), and y in the problem's ``LABEL_DTYPE``.
        Arrays that have this type already are not copied.

        Raises
        ------
        TypeError, ValueError
            If a dtype is not real, a value of a DataFrame is missing, X is sparse, shapes do not
            match, the batch is empty or a label is outside the problem's set.
        Unfit
            If the implementation cannot store these data.
        Unavailable
            If `prepare` finds that something it needs is missing.
        """
        X, y = self._check_data(X, y)
        if not self.takes_rows:
            check_stored(X, y, self.options.get("BYTES_PER_VALUE"))
        return self._lay_out(X, y)

    def prepare_batch(self, X: Array, y: Array) -> tuple[Array, Array]:
        """`prepare` for some samples of data that `prepare` has accepted; does not check the fit.

        A feature that fits float32 as a whole may have samples that are too small for it.
        """
        return self._lay_out(*self._check_data(X, y))

    def _check_data(self, X: Array, y: Array) -> tuple[Array, Array]:
        problem = _known_problem(self.problem)
        X, y = as_array("X", X), as_array("y", y)
        if self.takes_rows:
            return X, y
        problem.check(X, y)
        name = X.dtype.name
        X = as_plain(X, name) if name in self.x_types else in_float64(X, "X")
        if hasattr(problem, "LABEL_DTYPE"):
            return X, as_plain(y, problem.LABEL_DTYPE)
        return X, in_float64(y, "y")

    def _lay_out(self, X: Array, y: Array) -> tuple[Array, Array]:
        prepared = self._prepare(X, y) if self._prepare else (X, y)
        if not (isinstance(prepared, (tuple, list)) and len(prepared) == 2):
            raise BadPlugin(f"{self.source}: prepare does not return a pair (X, y)")
        self._forms.add(_forms_of(*prepared))
        return prepared

    def gradient(self, weights: Array, X: Array, y: Array) -> Array:
        """Gradient at `weights`, for X and y as `prepare` returned them; same shape as `weights`.

        Contiguous rows of prepared arrays count as prepared. NumPy arrays of another type or memory
        order are prepared first, at each call.

        Raises
        ------
        TypeError, ValueError
            If an argument is no array or the shapes do not match.
        Unfit
            If `prepare` raises it, or a weight does not fit float32.
        """
        gradient: Array = self._call(self.kernel, weights, X, y)
        return gradient

    def _call(self, function: Callable[..., Any], weights: Array, X: Array, y: Array) -> Any:
        """Check the arguments, then call a function whose result is, or ends in, a gradient."""
        _known_problem(self.problem).check_shapes(weights, X, y)
        if not self.is_prepared(X, y):
            X, y = self._prepare_late(X, y)
        weights = in_float64(weights, "weights")
        if self.options.get("BYTES_PER_VALUE") not in (2, 4):
            return function(weights, X, y)
        check_single(weights)
        result = function(weights, X, y)
        if not self.takes_rows:
            gradient = result[-1] if isinstance(result, tuple) else result
            check_narrow_gradient(gradient, weights, X, y)
        return result

    def loss_gradient(self, weights: Array, X: Array, y: Array) -> tuple[float, Array]:
        """Loss and gradient at `weights`, for X and y as `prepare` returned them.

        The module's own ``loss_gradient``, in one pass where it has one; else the problem's loss
        and then the gradient, for NumPy arrays alone.

        Raises
        ------
        TypeError, ValueError, Unfit
            As `gradient`, and as the problem's ``loss``.
        """
        own = self.parts.get("loss_gradient")
        if own is None:
            loss = _known_problem(self.problem).loss(weights, X, y)
            return float(loss), self.gradient(weights, X, y)
        loss, gradient = self._call(own, weights, X, y)
        return float(loss), gradient

    def is_prepared(self, X: Array, y: Array) -> bool:
        """Whether X and y have a form that `prepare` has returned."""
        forms = _forms_of(X, y)
        return forms in self._forms or any(
            all(form.serves_as(known) for form, known in zip(forms, pair, strict=True))
            for pair in tuple(self._forms)  # a copy: another thread may add a form
        )

    def _prepare_late(self, X: Array, y: Array) -> tuple[Array, Array]:
        """Prepare NumPy arrays; accept another library's only in a form that `prepare` returns."""
        if isinstance(X, np.ndarray) and isinstance(y, np.ndarray):
            return self.prepare(X, y)
        self.prepare(np.zeros((1, X.shape[1])), np.zeros(1))  # records the form that it returns
        if not self.is_prepared(X, y):
            raise TypeError(
                f"X and y are {type(X).__name__} and {type(y).__name__}, which {self.name} does "
                "not take; expected NumPy arrays, or what its prepare returns for them"
            )
        return X, y

    @property
    def takes_rows(self) -> bool:
        """Whether X may be a file's, or what else has rows; see ``KERNEL``."""
        return "KERNEL" in self.options

    @property
    def x_types(self) -> tuple[str, ...]:
        """Types of X that the module's ``prepare`` gets as they are; others are cast to float64."""
        single = "float32" if self.options.get("BYTES_PER_VALUE") == 4 else ""
        return ("float64", *self.options.get("X_TYPES", single).split())

    @property
    def passes(self) -> int | None:
        """Passes over X that the docstring states, or None."""
        found = _PASSES.search(self.doc)
        return int(found[1]) if found else None

    @property
    def rtol(self) -> float:
        """Largest error relative to the sum of the absolute terms that counts as right."""
        return float(self.options.get("RTOL", DEFAULT_RTOL))

    def reason_to_skip(self, n_samples: int, n_features: int) -> str | None:
        """Reason for not running this size, or None."""
        max_samples = self.options.get("MAX_SAMPLES")
        if max_samples is not None and n_samples > max_samples:
            return f"{self.name} takes too long above {max_samples:,} samples"
        max_elements = self.options.get("MAX_ELEMENTS")
        if max_elements is not None and n_samples * n_features > max_elements:
            return f"{self.name} takes too long above {max_elements:,} elements"
        min_elements = self.options.get("MIN_ELEMENTS")
        if min_elements is not None and n_samples * n_features < min_elements:
            return f"{self.name} is for at least {min_elements:,} elements"
        return None


def problems() -> tuple[str, ...]:
    """Names of the problems, sorted; imports none of them."""
    return problems_in(_PACKAGE)


def problems_in(folder: Path) -> tuple[str, ...]:
    """Names of the problems that a folder holds: of this package, or of a tree beside it."""
    found = (path.parent.name for path in folder.glob("[a-z]*/__init__.py"))
    return tuple(sorted(set(found) - _NOT_PROBLEMS))


def names(problem: str) -> tuple[str, ...]:
    """Names of a problem's implementations, sorted: built-in and plug-ins; imports none of them.

    Raises
    ------
    UnknownName
        If there is no such problem.
    """
    return tuple(sorted(_sources(problem)))


def load(problem: str, name: str) -> Implementation:
    """Import one implementation and check it against the contract.

    Parameters
    ----------
    problem, name : str
        ``name:kernel`` is an implementation for blocks of rows around a kernel of that name.

    Raises
    ------
    UnknownName
        If there is no such problem or implementation.
    Unavailable
        If a package or a tool that it needs is not installed, or numba, which it needs, has no
        compiler, threads or folder here.
    BadPlugin
        If two sources claim the name, the import fails, or the module breaks the contract.
    """
    sources, kernel = _sources(problem), ""
    if isinstance(name, str):
        name, _, kernel = name.partition(":")
    check_name("implementation", name, sources, f" of {problem}")
    if len(sources[name]) > 1:
        claims = " and ".join(map(_describe, sources[name]))
        raise BadPlugin(f"{problem}/{name} is claimed by {claims}; rename or uninstall one of them")
    return _around(_check(problem, name, sources[name][0]), kernel)


def _around(found: Implementation, name: str) -> Implementation:
    """The implementation around a kernel; unchanged if it takes none.

    Raises
    ------
    UnknownName
        If it takes none and is given one, or if the kernel takes one itself.
    """
    if not found.takes_rows:
        if name:
            raise UnknownName(f"{found.name} computes on no blocks: leave out the kernel {name!r}")
        return found
    kernel = load(found.problem, name or found.options["KERNEL"])
    if kernel.takes_rows:
        raise UnknownName(f"{kernel.name} computes on blocks itself, expected a kernel for one")
    prepare: Callable[..., Any] | None = found._prepare
    assert prepare is not None  # `_check` has called for it
    taken = {key: kernel.options[key] for key in _KERNELS if key in kernel.options}
    parts = {
        key: part for key, part in found.parts.items() if key in ("loss_gradient", *kernel.parts)
    }
    return replace(
        found,
        name=f"{found.name}:{name}" if name else found.name,
        options=MappingProxyType({**found.options, **taken}),
        parts=MappingProxyType(parts),
        _prepare=functools.partial(prepare, kernel=kernel),
    )


def load_file(problem: str, path: str | Path) -> Implementation:
    """Import a file of an implementation's form that need not be in the table, and check it.

    Its name is the file's, without leading underscores.

    Raises
    ------
    UnknownName
        If there is no such problem or file.
    Unavailable, BadPlugin
        As `load` raises them.
    """
    path = Path(path)
    problem_module(problem)
    if not path.is_file():
        raise UnknownName(f"there is no file {path}")
    if path.suffix != ".py":
        raise BadPlugin(f"the file {path} is no Python module: its name does not end in .py")
    return replace(_check(problem, path.stem.lstrip("_"), path), _path=str(path.absolute()))


def _load_again(
    problem: str, name: str, path: str | None, forms: set[tuple[Form, Form]]
) -> Implementation:
    """Load a pickled implementation and restore the forms that count as prepared."""
    implementation = load(problem, name) if path is None else load_file(problem, path)
    implementation._forms.update(forms)
    return implementation


def _forms_of(X: Array, y: Array) -> tuple[Form, Form]:
    return form_of(X), form_of(y)


def missing_package(problem: str, name: str) -> str | None:
    """First package that a built-in implementation REQUIRES and lacks, or None; imports nothing."""
    packages = readable_text(_PACKAGE / problem / f"{name}.py", "REQUIRES").split()
    return next((package for package in packages if not _is_installed(package)), None)


def reason_missing(problem: str, name: str) -> str | None:
    """What `load` says of a built-in implementation that lacks a package; imports nothing."""
    package = missing_package(problem, name)
    path = _PACKAGE / problem / f"{name}.py"
    return _needs(_describe(path), package, _requires(path)) if package else None


def _needs(where: str, package: str, packages: str) -> str:
    return f"{where} needs {package}, which is not installed; try: pip install {packages}"


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def problem_module(problem: str) -> Any:
    """The package that defines a problem: its formula, reference, checks and generator.

    Raises
    ------
    UnknownName
        If there is no such problem.
    """
    check_name("problem", problem, problems())
    return _known_problem(problem)


def _known_problem(problem: str) -> Any:
    """The package of an existing problem, without the look-up of names, which takes 0.2 ms."""
    return importlib.import_module(f"impls.{problem}")


def problem_part(problem: str, name: str) -> Any:
    """An optional part of a problem's package, such as ``loss`` or ``CURVATURE``.

    Raises
    ------
    BadPlugin
        If the package has no such part.
    """
    module = problem_module(problem)
    if not hasattr(module, name):
        raise BadPlugin(f"impls/{problem}/__init__.py has no {name}, which training needs")
    return getattr(module, name)


def is_builtin(problem: str, name: str) -> bool:
    """Whether the implementation is a file of this package, not an installed plug-in."""
    return (_PACKAGE / problem / f"{name}.py").is_file()


def check_name(kind: str, name: Any, known: Any, where: str = "") -> None:
    """Refuse a name that is not known.

    Raises
    ------
    UnknownName
        Lists the known names, and the nearest one.
    """
    is_text = isinstance(name, str)
    if is_text and name in known:
        return
    near = difflib.get_close_matches(name, known, n=1) if is_text else []
    hint = f"; did you mean {near[0]!r}?" if near else "."
    listed = ", ".join(sorted(known))
    raise UnknownName(f"no {kind} {told(name)}{where}{hint} There are: {listed}")


def files(folder: Path) -> list[Path]:
    """Implementation files of a folder, sorted; leaves out private names and broken links."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:  # 0.6 of the time of a glob
        found = [each for each in entries if each.name.endswith(".py") and each.name[0] not in "_."]
        return sorted(folder / each.name for each in found if each.is_file())


def is_name(text: str) -> bool:
    """Whether the text is a valid name of an implementation."""
    return _NAME.fullmatch(text) is not None


def _sources(problem: str) -> dict[str, list[Path | EntryPoint]]:
    check_name("problem", problem, problems())
    found: dict[str, list[Path | EntryPoint]] = {}
    for path in files(_PACKAGE / problem):
        found.setdefault(path.stem, []).append(path)
    for entry in _entries(f"gradmark.{problem}", _state_of_path()):
        found.setdefault(entry.name, []).append(entry)
    return found


def _state_of_path() -> tuple[tuple[str, int], ...]:
    """The folders that Python imports from, and when files in them came or went."""
    found = []
    for folder in sys.path:
        with suppress(OSError):
            found.append((folder, Path(folder).stat().st_mtime_ns))
    return tuple(found)


@functools.lru_cache(maxsize=32)
def _entries(group: str, state: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """Entry points of a group, sorted: reading those of all packages takes 3 ms."""
    return tuple(sorted(set(entry_points(group=group))))


def _describe(source: Path | EntryPoint) -> str:
    if isinstance(source, Path):
        folder = _resolve(source.parent)
        return f"the file {f'impls/{folder.name}/{source.name}' if _is_ours(source) else source}"
    package = f" of the package {source.dist.name}" if source.dist else ""
    return f"the entry point {source.name} = {source.value}{package}"


def _check(problem: str, name: str, source: Path | EntryPoint) -> Implementation:
    where = _describe(source)
    if not is_name(name):
        raise BadPlugin(
            f"{where}: the name {name!r} is not a letter, then letters, digits or _; rename it"
        )
    if isinstance(source, Path) and _hides(problem, name):
        raise BadPlugin(f"{where} has the name of the problem's own {name}; rename the file")
    module = _import(source)
    if not isinstance(module, ModuleType):
        raise BadPlugin(f"{where} gives a {type(module).__name__}, expected a module")
    _check_function(module, "gradient", ("weights", "X", "y"), where)
    takes_rows = hasattr(module, "KERNEL")
    if takes_rows or hasattr(module, "prepare"):
        _check_function(module, "prepare", ("X", "y", *["kernel"][:takes_rows]), where)
    found = [name for name in _PARTS if getattr(module, name, None) is not None]
    for part in found:
        _check_function(module, part, _PARTS[part], where)
    _check_constants(module, where)
    if hasattr(module, "REQUIRES"):
        _requires(source)  # raises if `missing_package` could not read it
    if getattr(module, "THREADS", 1) != 1:
        raise BadPlugin(
            f"{where}: THREADS is {module.THREADS!r}, expected 1, or none where the kernel takes "
            "the threads that it may use"
        )
    return Implementation(
        name=name,
        problem=problem,
        doc=inspect.getdoc(module) or "",
        options=MappingProxyType({k: v for k, v in vars(module).items() if k.isupper()}),
        source=where,
        kernel=module.gradient,
        parts=MappingProxyType({name: getattr(module, name) for name in found}),
        _prepare=getattr(module, "prepare", None),
        _path=None,
        _forms=_FORMS.setdefault(module, set()),
    )


def _hides(problem: str, name: str) -> bool:
    """Whether importing the file would overwrite a name of the problem's package.

    Python makes a submodule an attribute of its package.
    """
    current = getattr(_known_problem(problem), name, None)
    return current is not None and getattr(current, "__name__", "") != f"impls.{problem}.{name}"


def _import(source: Path | EntryPoint) -> Any:
    where = _describe(source)
    try:
        # isinstance(source, EntryPoint) would fail: asv imports the backport importlib_metadata,
        # and then entry points are of its class.
        _compiled.find_cache(source.parent if isinstance(source, Path) else None)
        module = _import_file(source) if isinstance(source, Path) else source.load()
        _compiled.require_surroundings(module)
        return module
    except ModuleNotFoundError as error:
        missing = error.name or str(error)
        own = "impls" if isinstance(source, Path) else getattr(source, "module", "")
        if missing.partition(".")[0] == own.partition(".")[0]:  # a module of its own package
            raise BadPlugin(f"{where}: there is no module {missing}") from error
        packages = _requires(source) or missing.partition(".")[0]
        raise Unavailable(_needs(where, missing, packages)) from error
    except Unavailable as error:
        raise Unavailable(f"{where}: {error}") from error
    # An import runs foreign code. No error of it may break the rest of the table.
    except (Exception, SystemExit) as error:
        if _compiled.lacks_cache(error):
            raise Unavailable(
                f"{where}: numba finds no folder to keep compiled code in; name one that can be "
                "written: NUMBA_CACHE_DIR"
            ) from error
        raise BadPlugin(f"{where} fails to import: {type(error).__name__}: {error}") from error


def _import_file(path: Path) -> ModuleType:
    """Import a file, under ``impls`` if it stands in a problem's package."""
    if _is_ours(path):
        return importlib.import_module(f"impls.{_resolve(path.parent).name}.{path.stem}")
    name = f"gradmark_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # true for every name that ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module here
    spec.loader.exec_module(module)
    return module


def _is_ours(path: Path) -> bool:
    """Whether a file, or a link to one, stands in a problem's package."""
    return _resolve(path.parent).parent == _resolve(_PACKAGE)


@functools.lru_cache(maxsize=32)
def _resolve(folder: Path) -> Path:
    """The folder without links: `load` asks some times, and each look at the disk takes 20 us."""
    return folder.resolve()


def _requires(source: Path | EntryPoint) -> str:
    """A file's REQUIRES, read without running it; empty if it has none; see `text_in`."""
    return text_in(source, "REQUIRES", _describe(source)) if isinstance(source, Path) else ""


def readable_text(path: Path, name: str) -> str:
    """As `text_in`; empty also where the file is not there or is wrong, which `load` reports."""
    try:
        return text_in(path, name, str(path))
    except BadPlugin:
        return ""


def text_in(path: Path, name: str, where: str) -> str:
    """A constant of a file that is a text, read without running it; empty if it has none.

    Raises
    ------
    BadPlugin
        If the file cannot be read or parsed, or the constant is no string literal; names the line.
    """
    try:
        # Bytes, because the parser then handles an encoding line and a byte-order mark.
        lines = ast.parse(path.read_bytes(), filename=path.name).body
    except (OSError, SyntaxError, ValueError) as error:
        raise BadPlugin(f"{where} cannot be read: {error}") from error
    for node in lines:
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in _targets(node):
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                return node.value.value
            raise BadPlugin(
                f"{where}, line {node.lineno}: {name} is {ast.unparse(node)!r}, "
                "expected a text in quotes"
            )
    return ""


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _check_function(module: ModuleType, name: str, arguments: tuple[str, ...], where: str) -> None:
    expected = f"{name}({', '.join(arguments)})"
    function = getattr(module, name, None)
    if function is None:
        raise BadPlugin(f"{where} has no function {expected}")
    if not callable(function):
        raise BadPlugin(f"{where}: {name} is a {type(function).__name__}, expected {expected}")
    try:
        # The signature of a numba dispatcher is that of the Python function behind it.
        inspect.signature(getattr(function, "py_func", function)).bind(*arguments)
    except TypeError as error:
        raise BadPlugin(f"{where}: {name} does not take ({', '.join(arguments)})") from error
    except ValueError:  # a compiled function without a readable signature
        pass


def _check_constants(module: ModuleType, where: str) -> None:
    """Refuse constants of a wrong type or outside their limits, as an RTOL for any answer."""
    for name in _TEXTS:
        value = getattr(module, name, "")
        if not isinstance(value, str):
            raise BadPlugin(f"{where}: {name} is {value!r:.40}, expected a text in quotes")
    for name, (least, most) in _LIMITS.items():
        if name == "RTOL":
            most = _MOST_RTOL.get(getattr(module, "BYTES_PER_VALUE", 8), most)
        value = getattr(module, name, least)
        if not (isinstance(value, (int, float, np.number)) and least <= value <= most):
            raise BadPlugin(
                f"{where}: {name} is {value!r:.40}, expected a number from {least:g} to {most:g}"
            )
