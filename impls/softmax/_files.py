"""Training and test images: a user's own .npz, MNIST from OpenML, scikit-learn's digits.

Each function returns ``X_train, y_train, X_test, y_test``. X is in float64 and C order, with a bias
column of ones before the pixels. Pixels are in [0, 1], except for floats of a file that are not. y
holds integer labels.
"""

import socket
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import numpy as np

from impls._errors import Unavailable
from impls._machine import available_memory
from impls.softmax import LABEL_DTYPE, check
from impls.softmax._datasets import digits

_KEYS = ("X_train", "y_train", "X_test", "y_test")
_FORM = f"an .npz file with {', '.join(_KEYS)}"
_HOW = "np.savez(path, X_train=X_train, y_train=y_train, X_test=X_test, y_test=y_test)"
_N_TRAIN_MNIST = 60_000
# Floats up to this value are taken for scaled ones.
_LARGE = 2
# Errors for a damaged, encrypted or pickled member of the file.
_UNREADABLE = (
    *(ValueError, EOFError, KeyError, OSError, RuntimeError, NotImplementedError, MemoryError),
    *(TypeError, SyntaxError, zipfile.BadZipFile, zlib.error),
)
# OpenML counts as unreachable after this time without an answer.
_TIMEOUT_SECONDS = 5


def load_npz(path, pixel_max=None, tell=None):
    """Images and labels of a file with the arrays of the softmax text, or with Keras's names.

    Nothing is unpickled.

    Parameters
    ----------
    path : str or Path
        File in which X holds (n, d) pixels or (n, height, width) images, which are flattened.
    pixel_max : float, optional
        Divisor of all pixels. By default, integers and booleans are divided by the largest pixel of
        both parts, and floats are not divided.
    tell : callable, optional
        Called with a sentence that gives the divisor of integers, or warns of large floats.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no .npz, is damaged, lacks an array, or the arrays are no matching images and
        labels; the message says what was found, what was expected and what to do.
    """
    arrays = _read_arrays(Path(path))
    try:
        _check_arrays(arrays)
        images = {key: arrays[key] for key in ("X_train", "X_test")}
        _check_images(images, pixel_max)
        divisor, words = _find_divisor(images, pixel_max)
        train = _make_part("train", arrays, divisor)
        test = _make_part("test", arrays, divisor)
        _check_labels(train[1], test[1])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if tell and words:
        tell(f"{path}: {words}")
    return *train, *test


def fetch_mnist():
    """MNIST from OpenML or its cache: 60,000 training and 10,000 test images.

    Raises
    ------
    Unavailable
        If scikit-learn cannot be imported or OpenML cannot be reached; the message says what to do.
    """
    with _scikit_learn("MNIST"):
        from sklearn.datasets import fetch_openml

    try:
        with _no_waiting():
            pixels, digit = fetch_openml(
                "mnist_784",
                version=1,
                return_X_y=True,
                as_frame=False,
                parser="liac-arff",
                n_retries=1,
                delay=0.1,
            )
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a broken download
        raise Unavailable(
            f"MNIST cannot be fetched from OpenML ({type(error).__name__}: {error}); where there "
            f"is no internet, save it elsewhere with {_HOW} and give the path of that file"
        ) from error
    return _split(_with_bias(pixels / 255), digit.astype(LABEL_DTYPE), _N_TRAIN_MNIST)


def split_digits(seed=0):
    """scikit-learn's digits in a seeded order: four fifths for training, the rest for the test.

    Raises
    ------
    Unavailable
        If scikit-learn, which contains them, cannot be imported.
    """
    with _scikit_learn("the digits"):
        _, X, y = digits()
    order = np.random.default_rng(seed).permutation(len(y))
    return _split(X[order], y[order], len(y) * 4 // 5)


@contextmanager
def _scikit_learn(what):
    try:
        yield
    except ImportError as error:
        raise Unavailable(
            f"{what} come with scikit-learn, which cannot be imported ({error}); "
            'try: pip install "gradmark[data]"'
        ) from error


@contextmanager
def _no_waiting():
    """Set a time limit for connections, which scikit-learn does not, and ignore retry warnings."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A network error occurred")
            yield
    finally:
        socket.setdefaulttimeout(before)


def _split(X, y, n_train):
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


def _with_bias(pixels):
    return np.ascontiguousarray(np.column_stack([np.ones(len(pixels)), pixels]))


def _read_arrays(path):
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}, expected {_FORM}; {_HOW} writes it")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .npz or a damaged one, expected {_FORM}; {_HOW} writes it")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = _find_names(archive.files)
            _check_size(archive.zip, names.values())
            return {key: archive[name] for key, name in names.items()}
    except _UNREADABLE as error:
        raise ValueError(f"{path} is not {_FORM}: {error}; {_HOW} writes it") from error


def _check_size(archive, names):
    """Refuse arrays that memory does not hold with their copies in float64."""
    needed = sum(archive.getinfo(f"{name}.npy").file_size for name in names)
    if needed > (available := available_memory()):
        raise ValueError(
            f"its arrays take {needed / 1e9:,.1f} GB, {available / 1e9:,.1f} GB are available"
        )


def _find_names(found):
    """Name of each array in a file: as in `_KEYS`, or in lower case, as Keras has it."""
    names = {
        key: [name for name in dict.fromkeys((key, key.lower())) if name in found] for key in _KEYS
    }
    missing = [" or ".join(dict.fromkeys((key, key.lower()))) for key in _KEYS if not names[key]]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}, it has {', '.join(found) or 'nothing'}")
    for both in names.values():
        if len(both) > 1:
            raise ValueError(f"it has both {' and '.join(both)}, expected one of them")
    return {key: name for key, (name,) in names.items()}


def _check_arrays(arrays):
    """Refuse arrays whose types or shapes are not those of images and labels."""
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            kind = getattr(array, "dtype", type(array).__name__)
            raise ValueError(f"{name} is of type {kind}, expected real numbers")
    for part in ("train", "test"):
        pixels, y = arrays[f"X_{part}"], arrays[f"y_{part}"]
        if pixels.ndim not in (2, 3) or 0 in pixels.shape:
            raise ValueError(
                f"X_{part} has shape {pixels.shape}, expected (n, d) or (n, height, width), "
                "each at least 1"
            )
        if y.shape != pixels.shape[:1]:
            raise ValueError(
                f"y_{part} has shape {y.shape}, expected {pixels.shape[:1]}: a label for each of "
                f"the {len(pixels)} images of X_{part}"
            )


def _make_part(part, arrays, divisor):
    """X with its bias column, and y, of one part: train or test."""
    pixels, y = arrays[f"X_{part}"], arrays[f"y_{part}"]
    X = _with_bias(np.divide(pixels.reshape(len(pixels), -1), divisor, dtype=np.float64))
    try:
        check(X, y)
    except ValueError as error:
        raise ValueError(str(error).replace("y[", f"y_{part}[", 1)) from error
    return X, y.astype(LABEL_DTYPE)


def _check_images(images, pixel_max):
    """Refuse invalid pixels, and parts whose images differ in size or type."""
    for name, pixels in images.items():
        _check_pixels(name, pixels.reshape(len(pixels), -1), pixel_max)
    train, test = images.values()
    n_train, n_test = (pixels[0].size for pixels in images.values())
    if n_train != n_test:
        raise ValueError(
            f"X_train has {n_train} pixels per image and X_test {n_test}, expected the same number"
        )
    if (train.dtype.kind == "f") != (test.dtype.kind == "f"):
        raise ValueError(
            f"X_train is of type {train.dtype} and X_test of type {test.dtype}, expected integers "
            "in both or floats in both, which are scaled alike"
        )


def _check_pixels(name, pixels, pixel_max):
    right, expected = np.isfinite(pixels), "a finite number"
    if pixels.dtype.kind in "iu":
        right, expected = pixels >= 0, "an integer pixel of at least 0"
    if right.all() and pixel_max is not None:
        right, expected = pixels <= pixel_max, f"at most {pixel_max:g}, which is --pixel-max"
    if not right.all():
        i, j = map(int, np.unravel_index(np.argmin(right), right.shape))
        raise ValueError(f"{name} has {pixels[i, j]} in image {i}, pixel {j}, expected {expected}")


def _find_divisor(images, pixel_max):
    """Divisor of all pixels, and a sentence about it for the user; may be empty."""
    if pixel_max is not None:
        return pixel_max, ""
    train, test = (float(np.abs(pixels).max()) for pixels in images.values())
    most = max(train, test)
    if images["X_train"].dtype.kind == "f":
        return 1, _describe_floats(most)
    if test > 2 * train > 0:
        raise ValueError(
            f"X_test holds pixels of up to {test:g} and X_train of up to {train:g}, expected one "
            "scale; if it is one, give the largest pixel that there can be: --pixel-max"
        )
    divisor = max(most, 1)
    return divisor, f"integer pixels are divided by {divisor:g}, the largest; --pixel-max sets it"


def _describe_floats(most):
    if most <= _LARGE:
        return ""
    return (
        f"floats of up to {most:g} are taken as they are; --pixel-max {most:g} scales them to "
        "[0, 1], for which the steps are made"
    )


def _check_labels(y_train, y_test):
    """Refuse labels that occur in the test part alone."""
    if y_test.max() > y_train.max():
        raise ValueError(
            f"y_test holds the label {y_test.max()}, expected 0 to {y_train.max()}, the largest "
            "of y_train: no other class can be learnt"
        )
