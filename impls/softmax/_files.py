"""Images to train with and to test on: a user's own .npz, MNIST from OpenML, bundled digits.

Each function returns ``X_train, y_train, X_test, y_test``: X in float64 and C order, pixels in
[0, 1] behind a bias column of ones; y whole labels.
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
from impls.softmax import LABEL_DTYPE, check
from impls.softmax._datasets import digits

_KEYS = ("X_train", "y_train", "X_test", "y_test")
_FORM = f"an .npz file with {', '.join(_KEYS)}"
_HOW = "np.savez(path, X_train=X_train, y_train=y_train, X_test=X_test, y_test=y_test)"
_N_TRAIN_MNIST = 60_000
# What a damaged, encrypted or pickled member raises.
_UNREADABLE = (ValueError, EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
# Without an answer for so long there is no way to OpenML.
_TIMEOUT_SECONDS = 5


def load_npz(path):
    """Images and labels of a file in the softmax text's form.

    X : (n, d) pixels or (n, height, width) images, which are flattened. Integers are pixels of 0
    to 255 and divided by 255; floats and booleans stay as they are. Nothing is unpickled.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no .npz, is damaged, lacks an array, or the arrays are no images and labels that
        fit together; tells what was found, what was expected and what to do.
    """
    arrays = _read_arrays(Path(path))
    try:
        train = _check_part("train", arrays)
        test = _check_part("test", arrays)
        _check_parts(train, test)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return *train, *test


def fetch_mnist():
    """MNIST, its 60,000 images to train with and 10,000 to test on, from OpenML or its cache.

    Raises
    ------
    Unavailable
        If scikit-learn cannot be imported or OpenML cannot be reached; tells what to do instead.
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
    """scikit-learn's digits in a seeded order, four fifths to train with and the rest to test on.

    Raises
    ------
    Unavailable
        If scikit-learn, which bundles them, cannot be imported.
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
    """A time limit for connections, which scikit-learn does not set, and no warning of a retry."""
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
            missing = [key for key in _KEYS if key not in archive.files]
            if missing:
                has = ", ".join(archive.files) or "nothing"
                raise ValueError(f"it has no {', '.join(missing)}, it has {has}")
            return {key: archive[key] for key in _KEYS}
    except _UNREADABLE as error:
        raise ValueError(f"{path} is not {_FORM}: {error}; {_HOW} writes it") from error


def _check_part(part, arrays):
    """X with its bias column and y of one part, each error with the arrays' own names."""
    pixels, y = arrays[f"X_{part}"], arrays[f"y_{part}"]
    for name, array in ((f"X_{part}", pixels), (f"y_{part}", y)):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            kind = getattr(array, "dtype", type(array).__name__)
            raise ValueError(f"{name} is of type {kind}, expected real numbers")
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ValueError(
            f"X_{part} has shape {pixels.shape}, expected (n, d) or (n, height, width), "
            "each at least 1"
        )
    if y.shape != pixels.shape[:1]:
        raise ValueError(
            f"y_{part} has shape {y.shape}, expected {pixels.shape[:1]}: a label for each of the "
            f"{len(pixels)} images of X_{part}"
        )
    X = _with_bias(_scale(f"X_{part}", pixels.reshape(len(pixels), -1)))
    try:
        check(X, y)
    except ValueError as error:
        raise ValueError(str(error).replace("y[", f"y_{part}[", 1)) from error
    return X, y.astype(LABEL_DTYPE)


def _scale(name, pixels):
    integers = pixels.dtype.kind in "iu"
    right = (pixels >= 0) & (pixels <= 255) if integers else np.isfinite(pixels)
    if not right.all():
        i, j = map(int, np.unravel_index(np.argmin(right), right.shape))
        expected = "an integer pixel of 0 to 255" if integers else "a finite number"
        raise ValueError(f"{name} has {pixels[i, j]} in image {i}, pixel {j}, expected {expected}")
    return pixels / 255 if integers else pixels.astype(np.float64)


def _check_parts(train, test):
    """Refuse parts whose images differ in size, and labels that only the test has."""
    (X_train, y_train), (X_test, y_test) = train, test
    if X_train.shape[1] != X_test.shape[1]:
        raise ValueError(
            f"X_train has {X_train.shape[1] - 1} pixels per image and X_test "
            f"{X_test.shape[1] - 1}, expected the same number"
        )
    if y_test.max() > y_train.max():
        raise ValueError(
            f"y_test holds the label {y_test.max()}, expected 0 to {y_train.max()}, the largest "
            "of y_train: no other class can be learnt"
        )
