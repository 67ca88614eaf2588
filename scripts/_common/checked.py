"""The one way in for JSON from a disk: a file of bounded size that fits a schema of pydantic's.

A key that stands twice in an object is a misfit. Keys that a schema does not name are passed over.
Nothing in a file is run.
"""

from __future__ import annotations

import json
import re
import reprlib
import sys
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from benchmarks._session.parsing import parse_json
from impls._errors import one_line
from impls._files import FORMAT, read_file

_MOST_BYTES = 8 * 2**20
_SHOWN = 60  # characters of a value that does not fit
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = _SHOWN
_SENTENCES = {
    "missing": "is missing",
    "model_type": "expected an object",
    "dict_type": "expected an object",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "float_type": "expected a number",
    "string_type": "expected a text",
    "bool_type": "expected true or false",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge:g}",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le:g}",
    "too_long": "expected at most {max_length:,} items",
    "string_too_long": "expected at most {max_length:,} characters",
    "string_too_short": "expected at least {min_length:,} characters",
    "union_tag_not_found": "expected an object with a kind",
    "union_tag_invalid": "expected one of the kinds {expected_tags}",
}
T = TypeVar("T")
K = TypeVar("K")
Model = TypeVar("Model", bound=BaseModel)


# Of a collection the first misfit alone is looked for: a file may hold millions.
_First = Field(fail_fast=True)
Many = Annotated[tuple[T, ...], _First]
ByName = Annotated[dict[K, T], _First]


class Misfit(ValueError):
    """What a file holds does not fit; the message says where, what is given, what is expected."""


class Newer(Misfit):
    """A newer version of Gradmark has written the file."""


class Record(BaseModel):
    """An object in a file; a model of one derives from it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


def _as_line(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


# Texts are made one printable line before they are looked at.
Text = Annotated[str, BeforeValidator(_as_line), Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=-1e300, lt=1e300)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, lt=1e300)]
NotNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, lt=1e300)]
Whole = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
Count = Annotated[int, Field(strict=True, ge=1, lt=2**63)]
Truth = Annotated[bool, Field(strict=True)]


def matching(pattern: str, expected: str) -> AfterValidator:
    """A check that a text has a form, which is told as ``expected`` and these words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError("form", "expected {form}", {"form": expected})
        return text

    return AfterValidator(check)


# A name becomes part of paths of what a value depends on.
Name = Annotated[Text, matching(r"[^./\\][^/\\]{0,99}", "a name")]


def read(path: Path, model: type[Model] | TypeAdapter[Model]) -> Model:
    """What a file holds, as the model says.

    Raises
    ------
    Misfit
        If it holds something else, or is no file; the message leaves it to the caller to name it.
    FileNotFoundError
        If there is nothing.
    """
    found: Model = fit(parse(_bytes(path)), model)
    return found


def read_or_name(path: Path, model: type[Model], what: str, advice: str) -> Model | None:
    """As `read`; what cannot be read is named, and None like what is not there.

    Parameters
    ----------
    what, advice : str
        What the file is, and what to do.
    """
    try:
        return read(path, model)
    except FileNotFoundError:
        return None
    except Misfit as error:
        leave_aside(f"{what} {one_line(str(path))} cannot be read ({error}); {advice}")
        return None


def read_own(path: Path, model: type[Model] | TypeAdapter[Any]) -> Any:
    """As `read`, for a file of this tree, without which nothing goes on; the message names it."""
    advice = f"restore it: git checkout -- {path.name}"
    try:
        return read(path, model)
    except FileNotFoundError:
        raise Misfit(f"{path} is missing; {advice}") from None
    except Misfit as error:
        raise Misfit(f"{path} cannot be read ({error}); {advice}") from error


def parse(data: bytes) -> Any:
    """The value that a text of JSON stands for.

    Raises
    ------
    Misfit
    """
    try:
        return parse_json(data.decode())
    except RecursionError:
        raise Misfit("it is nested too deeply to be a record") from None
    except UnicodeDecodeError as error:
        raise Misfit(f"it is no text in UTF-8: byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise Misfit(
            f"it is no JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except ValueError as error:  # an integer of thousands of digits, a key that stands twice
        raise Misfit(one_line(str(error))) from error


def fit(record: Any, model: type[Model] | TypeAdapter[Any]) -> Any:
    """A record as the model says, unless it is of a newer version of Gradmark.

    Raises
    ------
    Misfit
    """
    check_format(record)
    try:
        if isinstance(model, TypeAdapter):
            return model.validate_python(record)
        return model.model_validate(record)
    except ValidationError as error:
        raise Misfit(_sentence(error)) from error


def check_format(record: Any) -> None:
    """Refuse what a newer version of Gradmark has written."""
    number = record.get("format", FORMAT) if isinstance(record, dict) else FORMAT
    if type(number) is not int or number < 1:
        raise Misfit(f"format is {shown(number)}, expected a whole number of at least 1")
    if number > FORMAT:
        raise Newer(
            f"a newer version of Gradmark has written it, in format {shown(number)}; this one "
            f"reads format {FORMAT}: update Gradmark"
        )


def leave_aside(sentence: str) -> None:
    """Say what is not taken."""
    print(f"left aside: {sentence}", file=sys.stderr)


def shown(value: Any) -> str:
    """A value that does not fit, in few characters."""
    try:
        text = one_line(_BRIEF.repr(value))
    except ValueError:  # thousands of digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _bytes(path: Path) -> bytes:
    try:
        return read_file(path, _MOST_BYTES)
    except FileNotFoundError:
        raise
    except ValueError as error:  # `Unreadable`; also for a path that no system takes
        raise Misfit(str(error)) from error
    except OSError as error:
        raise Misfit(error.strerror or type(error).__name__) from error


def _sentence(error: ValidationError) -> str:
    """The first misfit, and how many more there are."""
    first = error.errors(include_url=False)[0]
    place = one_line(".".join(map(str, first["loc"])))
    said = first["msg"].replace("Input should be", "expected", 1)
    if known := _SENTENCES.get(first["type"]):
        said = known.format(**first.get("ctx", {}))
    more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    if first["type"] == "value_error":  # of a model as a whole; it names the place itself
        return one_line(": ".join(filter(None, [place, said.removeprefix("Value error, ")]))) + more
    if first["type"] != "missing":
        said = f"is {shown(first['input'])}, {said[0].lower()}{said[1:]}"
    return f"{place or 'it'} {said}{more}"
