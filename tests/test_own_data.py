"""A user's own data: files that are read or refused, and what commands do with them."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import socket
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from benchmarks._own import batch, files, limits
from benchmarks._own.files import Table
from benchmarks._session import inputs
from benchmarks._session.inputs import Data
from scripts import check, race, recommend
from scripts._common import own_data
from scripts._common.errors import UserError
from tests._rows import made_rows

steady = settings(max_examples=40, deadline=None, derandomize=True)
GENERATOR = np.random.default_rng(0)
X = GENERATOR.random((6, 3), dtype=np.float32)
Y = np.array([0, 1, 1, 0, 1, 0])
CSV = "a,b,y\n0.1,2,0\n0.2,3,1\n0.3,4,1\n"


def table_of(x=X, y=Y, names=None):
    return Table(x, y, names, "y")


def frame_of(**columns):
    return pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": Y} | columns)


def load(path, target=None, problem="logistic"):
    return own_data.load_own(problem, path, target)


# Files that are read


def write_npz(path):
    np.savez(path, X=X, y=Y)


def write_packed_npz(path):
    np.savez_compressed(path, X=X, y=Y[:, None])


def write_npy(path):
    np.save(path, np.column_stack([X, Y]).astype(np.float32))


def write_fields(path):
    fields = [("a", "f4"), ("y", "i8"), ("b", "f4"), ("c", "f4")]
    np.save(path, np.array([(*x[:1], y, *x[1:]) for x, y in zip(X, Y, strict=True)], fields))


def write_csv(path):
    pd.DataFrame(X.astype(np.float64), columns=[*"abc"]).assign(label=Y).to_csv(path, index=False)


def write_parquet(path):
    frame = pd.DataFrame(X, columns=[*"abc"])
    frame.insert(1, "target", pd.array(Y, "Int64"))
    frame.to_parquet(path)


FILES = {
    "npz": (write_npz, ".npz", "float32"),
    "packed npz": (write_packed_npz, ".NPZ", "float32"),
    "npy": (write_npy, ".npy", "float32"),
    "fields": (write_fields, ".npy", "float32"),
    "csv": (write_csv, ".csv", "float64"),
    "parquet": (write_parquet, ".parquet", "float32"),
}


@pytest.mark.parametrize("form", FILES)
def test_a_file_gives_its_data_in_their_type(form, tmp_path):
    write, ending, dtype = FILES[form]
    path = tmp_path / f"mine{ending}"
    with path.open("wb") as file:
        write(file)
    found = load(path)
    assert found.X.dtype == dtype
    np.testing.assert_array_equal(found.X, X)
    np.testing.assert_array_equal(found.y, Y)
    assert found.title == f"mine{ending}, 6 x 3"


def test_bytes_stay_bytes_beside_labels_of_another_type(tmp_path):
    pixels = GENERATOR.integers(0, 256, (6, 2), np.uint8)
    frame = pd.DataFrame(pixels, columns=["p", "q"]).assign(y=Y)
    frame.to_parquet(tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", X=pixels, y=Y)
    for path in tmp_path.iterdir():
        found = load(path).X
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, pixels)


def test_an_array_is_mapped_and_not_read(tmp_path):
    write_npy(tmp_path / "a.npy")
    found = load(tmp_path / "a.npy").X
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("target", "names"), [("0", [1, 2, 3]), ("1", [0, 2, 3]), ("3", [0, 1, 2])]
)
def test_the_column_of_an_array_is_a_number(target, names, tmp_path):
    array = np.column_stack([Y, 1 - Y, Y, 1 - Y]) / 1.0
    array[:, int(target)] = Y
    np.save(tmp_path / "a.npy", array)
    found = load(tmp_path / "a.npy", target)
    np.testing.assert_array_equal(found.X, array[:, names])
    np.testing.assert_array_equal(found.y, Y)


@pytest.mark.parametrize(
    ("header", "target", "wanted"),
    [
        ("a,b,c", None, "c"),
        ("Y,b,c", None, "Y"),
        ("a,target,c", None, "target"),
        ("label,b,c", None, "label"),
        ("label,b,y", "label", "label"),
        ("label,b,y", "b", "b"),
        (" a, b, c", "b", "b"),
        ("0,1,2", None, "2"),
    ],
)
def test_which_column_is_y(header, target, wanted, tmp_path):
    (tmp_path / "a.csv").write_text(f"{header}\n0,1,0\n1,0,0\n", encoding="utf-8-sig")
    found = load(tmp_path / "a.csv", target)
    names = header.replace(" ", "").split(",")
    own = [j for j, name in enumerate(names) if name != wanted]
    np.testing.assert_array_equal(found.X, np.array([[0, 1, 0], [1, 0, 0]])[:, own])
    assert found.target == f"column {wanted!r}"


# Files that are refused


def damage(path, write, change):
    """Write a file with its bytes changed."""
    buffer = io.BytesIO()
    write(buffer)
    path.write_bytes(change(buffer.getvalue()))


def zip_of(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header_of(shape):
    """A .npy file that states a shape and holds nothing."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def newer(content):
    return content[:6] + b"\x09" + content[7:]


def flipped(content):
    """The data of the first member changed, so that its checksum is wrong."""
    return content[:200] + bytes(byte ^ 255 for byte in content[200:210]) + content[210:]


def write_objects(path):
    np.save(path, np.array([["a", 1.0]], object), allow_pickle=True)


def save(path, array):
    np.save(path, array)


def text(content):
    return lambda path: path.write_text(content)


def frame(**columns):
    return lambda path: frame_of(**columns).to_parquet(path)


def write_twice_named_parquet(path):
    import pyarrow as pa
    from pyarrow import parquet

    columns = [pa.array(X[:, 0]), pa.array(X[:, 1]), pa.array(Y)]
    parquet.write_table(pa.Table.from_arrays(columns, names=["a", "a", "y"]), path)


def bind_socket(path):
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket has at most some 100 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


DATES = pd.date_range("2020-01-01", periods=6)
# Name of the file, how it is made, the target, and what the sentence says.
REFUSED = {
    "missing": ("a.csv", lambda path: None, None, r"^there is no file /.*a\.csv$"),
    "nearly": ("daata.csv", lambda p: p.with_name("data.csv").touch(), None, "mean 'data.csv'"),
    "folder": ("a.csv", Path.mkdir, None, "it is a folder, expected a file"),
    "pipe": ("a.npy", os.mkfifo, None, "it is a pipe, expected a file"),
    "socket": ("a.npz", bind_socket, None, "it is a socket, expected a file"),
    "device": ("a.csv", lambda p: p.symlink_to(os.devnull), None, "it is a device, expected"),
    "empty": ("a.parquet", Path.touch, None, "it is empty, expected X and y"),
    "circle": ("a.csv", lambda p: p.symlink_to(p), None, "Too many levels of symbolic links"),
    "ending": ("a.txt", text(CSV), None, r"ends in '\.txt', expected \.npz, \.npy, \.csv, \.parq"),
    "no ending": ("a", text(CSV), None, "ends in 'no ending', expected"),
    "npz of text": ("a.npz", text(CSV), None, "it is no .npz, or a damaged one; write it again"),
    "cut npz": ("a.npz", lambda p: damage(p, write_npz, lambda b: b[:-40]), None, "it is no .npz"),
    "changed npz": (
        *("a.npz", lambda p: damage(p, write_npz, flipped), None),
        "the array 'X' cannot be read .*CRC.*; it is damaged: write it again",
    ),
    "no X": ("a.npz", lambda p: np.savez(p, x=X, y=Y), None, "no array 'X', it has 'x', 'y'; "),
    "no y": ("a.npz", lambda p: np.savez(p, X=X, z=Y), None, "no array 'y', .*name it with --tar"),
    "near": ("a.npz", lambda p: np.savez(p, X=X, labels=Y), "label", "did you mean 'labels'"),
    "X as y": ("a.npz", write_npz, "X", "--target is X, the array of the features"),
    "short y": ("a.npz", lambda p: np.savez(p, X=X, y=Y[:5]), None, r"y has shape \(5,\), exp.*6,"),
    "2-D y": ("a.npz", lambda p: np.savez(p, X=X, y=X), None, r"y has shape \(6, 3\), expected"),
    "1-D X": ("a.npz", lambda p: np.savez(p, X=Y, y=Y), None, r"\(6,\), .*save X.reshape\(-1, 1\)"),
    "images": (
        "a.npz",
        lambda p: np.savez(p, X=X[..., None], y=Y),
        None,
        r"X.reshape\(len\(X\), -1",
    ),
    "text X": ("a.npz", lambda p: np.savez(p, X=X.astype(str), y=Y), None, "X has dtype <U32, exp"),
    "complex": ("a.npz", lambda p: np.savez(p, X=X + 0j, y=Y), None, "X has dtype complex64, exp"),
    "text y": ("a.npz", lambda p: np.savez(p, X=X, y=Y.astype(str)), None, "y has dtype <U21, exp"),
    "objects": (
        *("a.npz", lambda p: np.savez(p, X=X.astype(object), y=Y), None),
        "'X' holds Python objects, which are not unpickled because that can run code",
    ),
    "fields": (
        *("a.npz", lambda p: np.savez(p, X=np.zeros(6, "f8,f8"), y=Y), None),
        "the array 'X' has fields, expected plain numbers",
    ),
    "newer npz": (
        *("a.npz", lambda p: zip_of(p, X=newer(npy(X)), y=npy(Y)), None),
        r"the array 'X' is of format 9\.0, expected at most 3\.0",
    ),
    "no array": ("a.npz", lambda p: zip_of(p, X=b"text", y=npy(Y)), None, "array 'X' is no .npy"),
    "huge": ("a.npz", lambda p: zip_of(p, X=header_of((2**50, 9)), y=npy(Y)), None, "is damaged"),
    "no rows npy": ("a.npy", lambda p: save(p, X[:0]), None, r"shape \(0, 3\), expected \(n_s"),
    "no columns npy": ("a.npy", lambda p: save(p, X[:, :0]), None, r"shape \(6, 0\), expected"),
    "newer npy": ("a.npy", lambda p: damage(p, write_npy, newer), None, r"is of format 9\.0, exp"),
    "pickled npy": ("a.npy", write_objects, None, "holds Python objects, which are not unpickled"),
    "cut npy": ("a.npy", lambda p: damage(p, write_npy, lambda b: b[:-9]), None, "it is damaged"),
    "cut header": (
        "a.npy",
        lambda p: damage(p, write_npy, lambda b: b[:50]),
        None,
        "it is damaged",
    ),
    "npy of text": ("a.npy", text(CSV), None, "the array is no .npy; write it again"),
    "1-D npy": ("a.npy", lambda p: save(p, Y), None, r"its array has shape \(6,\), expected \(n"),
    "far column": ("a.npy", write_npy, "4", "--target is '4', expected the number .* from 0 to 3"),
    "named column": ("a.npy", write_npy, "y", "--target is 'y', expected the number of a column"),
    "text field": (
        *("a.npy", lambda p: save(p, np.zeros(6, [("a", "U3"), ("y", "f8")])), None),
        "field 'a' has dtype <U3, such as '', expected real numbers: encode",
    ),
    "2-D fields": ("a.npy", lambda p: save(p, np.zeros((6, 2), "f8,f8")), None, "expected 1 dim"),
    "one field": ("a.npy", lambda p: save(p, np.zeros(6, [("y", "f8")])), None, r"0 column\(s\)"),
    "no field": ("a.npy", write_fields, "d", "no column 'd'; It has 'a', 'y', 'b', 'c'"),
    "text": (
        *("a.csv", text(CSV.replace("0.2", "Rome").replace("0.3", "Paris")), None),
        "column 'a' has dtype .*, such as '0.1', expected real numbers: encode it as numbers",
    ),
    "decimal commas": ("a.csv", text('a,y\n"0,5",1\n"1,5",0\n'), None, "'a' .* such as '0,5'"),
    "lacking": (
        "a.csv",
        text(CSV.replace("3,1", ",1")),
        None,
        "column 'b' lacks a value in row 1,",
    ),
    "lacking y": (
        "a.csv",
        text(CSV.replace("4,1", "4,")),
        None,
        "column 'y' lacks a value in row 2",
    ),
    "short row": ("a.csv", text(CSV + "0.4,5\n"), None, "column 'y' lacks a value in row 3"),
    "infinite": (
        *("a.csv", text(CSV.replace("3,1", "-inf,1")), None),
        "column 'b', row 1, counted from 0, is -inf, expected a finite number",
    ),
    "infinite y": (
        "a.csv",
        text(CSV.replace("4,1", "4,inf")),
        None,
        "column 'y', row 2, .* is inf",
    ),
    "labels": (
        *("a.csv", text(CSV.replace("3,1", "3,2")), None),
        r"y\[1\] is 2, expected a label in \[0, 1\].*column 'y'.*--problem linear or poisson or",
    ),
    "one row": ("a.csv", text("a,y\n1,0\n"), None, r"X has 1 row\(s\) and 1 column\(s\), expected"),
    "no rows": ("a.csv", text("a,y\n"), None, "it has no rows below the names"),
    "twice": ("a.csv", text(CSV.replace("a,b", "b,b")), None, "2 columns are named 'b', expected"),
    "index": (
        "a.csv",
        text(",a,y\n0,1,0\n1,2,1\n"),
        None,
        "column 0 from 0 has no name; .*index=F",
    ),
    "no header": (
        "a.csv",
        text(CSV.partition("\n")[2]),
        None,
        "'0.1,2,0', holds numbers, expected",
    ),
    "one column": (
        "a.csv",
        text("y\n1\n0\n"),
        None,
        "'y', names one column, expected at least two",
    ),
    "semicolons": ("a.csv", text(CSV.replace(",", ";")), None, "'a;b;y', names one column"),
    "long row": ("a.csv", text(CSV + "1,2,3,4\n"), None, "no table with .* line 5, saw 4.*commas"),
    "long rows": (
        "a.csv",
        text("a,y\n1,2,0\n2,3,1\n"),
        None,
        "it is no table with a value for each",
    ),
    "latin": (
        "a.csv",
        lambda p: p.write_bytes("ä,y\n1,0\n".encode("latin-1")),
        None,
        "no text in UT",
    ),
    "blank": ("a.csv", text(" \n\n"), None, "it holds no table|names one column"),
    "two": (
        "a.csv",
        text("y,a,label\n1,2,0\n0,2,1\n"),
        None,
        "'y' and 'label', and one is y: name",
    ),
    "target": (
        "a.csv",
        text(CSV.replace("y", "kind")),
        "kid",
        "no column 'kid'; did you mean 'kind'",
    ),
    "parquet of text": ("a.parquet", text(CSV), None, "it is no .parquet, or cut off"),
    "cut parquet": (
        *("a.parquet", lambda p: damage(p, write_parquet, lambda b: b[:-9]), None),
        "it is no .parquet, or cut off; write it again",
    ),
    "changed parquet": (
        *("a.parquet", lambda p: damage(p, write_parquet, lambda b: b[:-30] + b[-8:]), None),
        "it cannot be read .*; it is damaged, or newer than the library",
    ),
    "no columns": (
        *("a.parquet", lambda p: pd.DataFrame(index=range(3)).to_parquet(p), None),
        "it has no columns, expected features and y",
    ),
    "parquet text": ("a.parquet", frame(b=[*"pqrstu"]), None, "'b' has dtype .*, such as 'p', exp"),
    "dates": ("a.parquet", frame(b=DATES), None, r"'b' has dtype datetime.*, such as '2020-01-01"),
    "lists": (
        "a.parquet",
        frame(b=[[1]] * 6),
        None,
        r"column 'b' has dtype object, such as '\[1\]'",
    ),
    "categories": ("a.parquet", frame(b=pd.Categorical([*"pqpqpq"])), None, "dtype category, such"),
    "null": (
        *("a.parquet", frame(b=pd.array([1, 2, None, 4, 5, 6], "Int64")), None),
        "column 'b' lacks a value in row 2, counted from 0",
    ),
    "twice named": ("a.parquet", write_twice_named_parquet, None, "2 columns are named 'a'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_in_one_sentence(case, tmp_path):
    name, make, target, message = REFUSED[case]
    path = tmp_path / name
    make(path)
    with pytest.raises(UserError, match=message) as refused:
        load(path, target)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_names_from_a_file_cannot_write_to_the_terminal(tmp_path):
    (tmp_path / "a.csv").write_text("a\x1b[2J,y\nx,1\nz,0\n")
    with pytest.raises(UserError, match="column 'a ") as refused:
        load(tmp_path / "a.csv")
    assert str(refused.value).isprintable()
    write_npz(tmp_path / "a\x1b[2J$_$|<b>.npz")
    assert load(tmp_path / "a\x1b[2J$_$|<b>.npz").name == "a__2J____b_.npz".replace(
        "____b", "_____b"
    )


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    write_npy(tmp_path / "a.npy")

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match=r"a\.npy: Permission denied; change its permissions"):
        load(tmp_path / "a.npy")


def test_parquet_says_what_to_install(tmp_path, monkeypatch):
    write_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pyarrow or fastparquet, .*: pip install pyarrow$"):
        load(tmp_path / "a.parquet")


def test_arrays_larger_than_memory_are_not_read(tmp_path, monkeypatch):
    write_npz(tmp_path / "a.npz")
    monkeypatch.setattr(limits, "available_memory", lambda: 100)
    with pytest.raises(UserError, match=r"X and 'y' take \d+ B, 100 B of memory are available"):
        load(tmp_path / "a.npz")


# Arrays


@steady
@given(
    shape=st.tuples(st.integers(2, 300), st.integers(1, 400)),
    place=st.tuples(st.integers(0, 299), st.integers(0, 399)),
    value=st.sampled_from([np.nan, np.inf, -np.inf]),
    dtype=st.sampled_from([np.float16, np.float32, np.float64, np.longdouble, ">f4"]),
    order=st.sampled_from("CF"),
)
def test_the_first_value_that_is_no_number_is_named(shape, place, value, dtype, order):
    row, column = place[0] % shape[0], place[1] % shape[1]
    x = np.zeros(shape, dtype, order)
    batch.check_table(table_of(x, x[:, 0]))
    x[row, column:] = value
    x[row + 1 :] = value
    what = "a missing value" if np.isnan(value) else str(value)
    with pytest.raises(ValueError, match=re.escape(f"X[{row}, {column}] is {what}")):
        batch.check_table(table_of(x, np.zeros(len(x))))
    y = np.zeros(len(x))
    y[row] = value
    with pytest.raises(ValueError, match=rf"^y, row {row}, counted from 0, is"):
        batch.check_table(table_of(np.zeros(shape), y))


@steady
@given(
    x=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
    n_dimensions=st.integers(0, 3),
    y=st.tuples(st.integers(0, 3), st.integers(0, 2)),
    y_dimensions=st.integers(0, 2),
)
def test_only_matching_shapes_of_two_samples_pass(x, n_dimensions, y, y_dimensions):
    x, y = np.zeros(x[:n_dimensions]), np.zeros(y[:y_dimensions])
    right = x.ndim == 2 and len(x) > 1 and x.shape[1] > 0
    right &= y.shape in (x.shape[:1], (*x.shape[:1], 1))
    if right:
        assert [each.shape for each in batch.check_table(table_of(x, y))] == [x.shape, (len(x),)]
    else:
        with pytest.raises(ValueError, match=r"^(X|y) has "):
            batch.check_table(table_of(x, y))


@pytest.mark.parametrize("dtype", [object, complex, "U3", "S3", "M8[s]", "m8[s]", "V3"])
def test_what_is_no_real_number_is_refused(dtype):
    with pytest.raises(TypeError, match=r"^X has dtype .*, expected real numbers"):
        batch.check_table(table_of(np.zeros((6, 3), dtype)))
    with pytest.raises(TypeError, match=r"^y has dtype .*, expected real numbers"):
        batch.check_table(table_of(y=np.zeros(6, dtype)))


@steady
@given(
    powers=st.lists(st.integers(-900, 900), min_size=1, max_size=6),
    seed=st.integers(0, 99),
    problem=st.sampled_from(["logistic", "softmax"]),
)
def test_weights_make_features_of_all_scales_count_alike(powers, seed, problem):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((40, len(powers)))
    y = generator.integers(0, 2, 40)
    scales = 2.0 ** np.array(powers)
    plain = batch.draw_weights(problem, x, y)
    np.testing.assert_allclose(batch.draw_weights(problem, x * scales, y) * scales, plain)
    contributions = plain**2 * (x**2).mean(axis=0) * len(powers)  # squares of normal numbers
    assert 1e-9 < contributions.min() <= contributions.max() < 25


def test_weights_of_empty_features_are_finite():
    x = np.column_stack([np.zeros(9), np.full(9, 5e-324), np.ones(9)])
    assert np.isfinite(batch.draw_weights("logistic", x, np.zeros(9))).all()


# Commands


@pytest.fixture
def path(tmp_path):
    write_npz(tmp_path / "mine.npz")
    return str(tmp_path / "mine.npz")


def call(command, monkeypatch, *argv):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return command.main()


@pytest.mark.parametrize("dtype", ["float16", ">f4", "f4", "f8", "longdouble", "u1", "i8", "?"])
@pytest.mark.parametrize("order", "CF")
def test_data_are_raced_in_their_type(dtype, order, tmp_path):
    given = np.asarray(X * 3, dtype, order=order)
    np.savez(tmp_path / "a.npz", X=given, y=Y)
    with inputs.on_disk(own_data.OwnData(load(tmp_path / "a.npz"))) as found:
        read = np.load(found.files["X"])
        assert found.x_bytes == given.nbytes
        gradient = found.references[0][0]
        weights = np.load(found.files["weights"])[0]
    assert (read.dtype, read.flags.c_contiguous) == (given.dtype, True)
    np.testing.assert_array_equal(read, given)
    np.testing.assert_array_equal(gradient, impls.reference("logistic", weights, given, Y))


def test_a_mapped_array_is_never_copied_whole(tmp_path):
    n_bytes = 4 * 2**23
    np.save(tmp_path / "a.npy", np.zeros((2**15, n_bytes // 4 // 2**15), np.float32))
    tracemalloc.start()
    try:
        own = own_data.OwnData(load(tmp_path / "a.npy"))
        with inputs.on_disk(own) as found:
            peak = tracemalloc.get_traced_memory()[1]
        assert found.x_bytes == n_bytes - 4 * 2**15
    finally:
        tracemalloc.stop()
    assert peak < 0.7 * n_bytes


def test_data_are_raced_under_a_name_that_the_journal_keeps(path):
    own = own_data.OwnData(load(Path(path)))
    weights, x, y = own.draw()
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)
    assert weights.shape == (3,)
    assert own.known_as == Data("logistic", 6, 3, "mine.npz, 6 x 3")


def test_data_larger_than_memory_are_not_raced(path, monkeypatch):
    needed = (4 + 8) * 18 + 100 * 1024**2
    monkeypatch.setattr(own_data, "available_memory", lambda: needed)
    own_data.OwnData(load(Path(path))).require_memory()
    monkeypatch.setattr(own_data, "available_memory", lambda: needed - 1)
    with pytest.raises(UserError, match=r"^mine\.npz, 6 x 3 of float32 needs .* of memory"):
        own_data.OwnData(load(Path(path))).require_memory()


def test_a_race_on_own_data(path, tmp_path, monkeypatch, capsys):
    argv = ["--contender", "matrix", "float32"]
    argv += ["--rounds", "1", "--generations", "1", "--threads", "1"]
    assert call(race, monkeypatch, "--data", path, *argv, "--out", str(tmp_path / "out")) == 0
    printed = capsys.readouterr()
    assert "## mine.npz, 6 x 3, X of 72 B" in printed.out
    assert "X is of float32: matrix cast it to float64 in prepare; float32 take it" in printed.out
    rows = pd.read_csv(tmp_path / "out" / "race.csv").set_index("contender")
    assert dict(rows["bytes_per_value"]) == {"matrix": 8, "float32": 4, "matrix, twin": 8}
    assert printed.err.startswith("mine.npz, 6 x 3 of float32; y is y\n")


def test_a_check_on_own_data(path, monkeypatch, capsys):
    assert call(check, monkeypatch, "logistic/float32", "--data", path, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["logistic"].values()
    assert list(found["errors"]) == ["mine.npz"]
    assert found["errors"]["mine.npz"] < 1e-6


def test_a_refusal_of_own_data_is_no_fault(tmp_path, monkeypatch, capsys):
    np.savez(tmp_path / "a.npz", X=X.astype(np.float64) * 1e-44, y=Y)
    argv = ["logistic/float32", "--data", str(tmp_path / "a.npz"), "--json"]
    assert call(check, monkeypatch, *argv) == 0
    (found,) = json.loads(capsys.readouterr().out)["logistic"].values()
    assert found["states"] == {"a.npz": "refused"}


@pytest.fixture
def advised(monkeypatch, capsys):
    """Call the command that recommends on made-up results; return its output."""
    rows = made_rows()
    monkeypatch.setattr(recommend, "choose_results", lambda *_, problem: (None, rows))

    def run(*argv):
        assert call(recommend, monkeypatch, *argv) == 0
        return capsys.readouterr().out

    return run


def test_advice_for_own_data_is_that_for_their_shape(tmp_path, advised):
    np.savez(tmp_path / "a b.npz", X=GENERATOR.random((500, 50)), y=np.arange(500) % 2)
    path = str(tmp_path / "a b.npz")
    own, plain = advised("--data", path), advised("500", "50")
    assert own.startswith(plain)
    assert own.endswith(f"python -m scripts.race --problem logistic --data '{path}'\n")
    found = json.loads(advised("--data", path, "--json"))
    assert (found["n_samples"], found["n_features"], found["data"]) == (500, 50, "a b.npz")


def test_what_cannot_store_own_data_is_no_advice(tmp_path, advised):
    np.savez(tmp_path / "a.npz", X=GENERATOR.random((500, 50)) * 1e-44, y=np.arange(500) % 2)
    options = ["--max-error", "1e-5", "--json"]
    found = json.loads(advised("--data", str(tmp_path / "a.npz"), *options))
    plain = json.loads(advised("500", "50", *options))
    narrow = [c["implementation"] for c in plain["choices"] if c["bytes_per_value"] == 4]
    assert narrow
    assert not any(choice["implementation"] in narrow for choice in found["choices"])
    assert all("loses more than rounding in float32" in found["left_out"][name] for name in narrow)


@pytest.mark.parametrize(
    ("command", "argv", "message"),
    [
        (check, ["--data", "a.npz"], "--data needs a problem: one of linear, "),
        (check, ["logistic", "--target", "y"], "--target names a column of --data, which is miss"),
        (race, ["--target", "y"], "--target names a column of --data, which is missing"),
        (race, ["--data", "a.npz", "--pixels"], "--pixels draws its own data; leave it out, or"),
        (race, ["--data", "a.npz", "--aa"], "--data is not read: --aa draws its own data, "),
        (recommend, ["9", "9", "--data", "a.npz"], "--data has numbers of samples and features"),
        (
            recommend,
            ["--validate", "2", "--data", "a.npz"],
            "--data is not read: --validate draws ",
        ),
        (recommend, ["9", "9", "--target", "y"], "--target names a column of --data"),
    ],
)
def test_options_that_contradict_data_are_refused(command, argv, message, monkeypatch):
    with pytest.raises(UserError, match=f"^{message}"):
        call(command, monkeypatch, *argv)
