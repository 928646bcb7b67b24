"""Errors of the program as exceptions, by their codes."""

from __future__ import annotations

import difflib
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterable, Optional, Type

if TYPE_CHECKING:
    from .result import LIRADeconvolverResult


class TsliraWarning(UserWarning):
    """What is legal but probably not meant, in the words of the program."""


def warn(message: str) -> None:
    """A warning that points at the line outside of this package which led to it."""
    package = Path(__file__).parent
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and Path(frame.f_code.co_filename).parent == package:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, TsliraWarning, stacklevel=level)


class TsliraError(Exception):
    """An error of the program.

    Attributes
    ----------
    code : str
        ``"INVALID_INPUT"``, ``"FORMAT"``, ``"NUMERICS"``, ``"JOB"``, ``"ABORTED"`` or ``"UNKNOWN"``.
    remedy : str
        What to do, the part of the message behind its last semicolon; empty without one.
    """

    code = "UNKNOWN"

    @property
    def remedy(self) -> str:
        return str(self).rpartition("; ")[2] if "; " in str(self) else ""


class InvalidInputError(TsliraError, ValueError):
    """An argument or an input breaks a documented rule."""

    code = "INVALID_INPUT"


class FormatError(TsliraError, ValueError):
    """A file is not what it claims to be, is damaged, or uses an unsupported feature."""

    code = "FORMAT"


class NumericsError(TsliraError, ArithmeticError):
    """A computation left the range of the numbers it can represent."""

    code = "NUMERICS"


class JobError(TsliraError, RuntimeError):
    """The program could not be run, or ended for a reason outside the mathematics."""

    code = "JOB"


class AbortedError(TsliraError):
    """The work was stopped before there was anything to return."""

    code = "ABORTED"


class Interrupted(KeyboardInterrupt):
    """A run was interrupted; what it has sampled is there.

    Attributes
    ----------
    result : LIRADeconvolverResult or None
        The partial result, whose ``complete`` is false.
    """

    def __init__(self, message: str, result: Optional[LIRADeconvolverResult] = None):
        super().__init__(message)
        self.result = result


_BY_CODE: Dict[str, Type[TsliraError]] = {
    one.code: one for one in (InvalidInputError, FormatError, NumericsError, JobError, AbortedError)
}


def unknown_name(name: object, known: Iterable[str]) -> str:
    """What to say of a name that is none of those that there are: the nearest one, or all where none is near."""
    letters = {one.replace("_", "").lower(): one for one in known}
    near = difflib.get_close_matches(str(name).replace("_", "").lower(), letters, 1)
    remedy = f"did you mean {letters[near[0]]!r}?" if near else f"choose from {', '.join(sorted(letters.values()))}"
    return f"got {name!r}; {remedy}"


def error_of(code: str, message: str) -> TsliraError:
    """The exception of a code."""
    return _BY_CODE.get(code, TsliraError)(message)
