"""Settings that could not be built, in words. Pure; called by who starts configurations."""

from collections.abc import Callable
from typing import Any

from reconciler.model.config import ConfigDocument
from reconciler.model.errors import TerminalError
from reconciler.model.secret import Secret


def unfit(document: ConfigDocument, error: Exception, masked: Callable[[str], str]) -> Exception:
    """Return what to tell of settings that could not be built: of pydantic's findings, what is wrong with the file."""
    return TerminalError(f"{document.id}: {masked(_misfits(error))}") if is_misfit(error) else error


def is_misfit(error: Exception) -> bool:
    """Whether it is pydantic that says what of the settings does not fit the model."""
    from pydantic import ValidationError

    return isinstance(error, ValidationError)


def _misfits(error: Any) -> str:
    """Return pydantic's findings as one line, without the input that caused them: it may hold a secret."""
    found = error.errors(include_url=False, include_context=False)
    return "; ".join(f"settings.{'.'.join(map(str, one['loc']))}: {_misfit(one)}" for one in found)


def _misfit(found: Any) -> str:
    if found["type"] == "string_type" and isinstance(found["input"], Secret):
        return "the integration takes no secret reference here: write the value itself"
    return str(found["msg"])
