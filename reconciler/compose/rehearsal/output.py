"""What is printed while a rehearsal runs, kept from the terminal: some integrations deliver by printing.

The two streams are the process's, so that a print from any thread of a lane is caught. What is logged, or a
warning of Python's, is no print: logs go where the process has them go, and nowhere if it has no place for them.
"""

import io
import logging
import sys
import warnings
from types import TracebackType
from typing import Any, Self

_MOST = 64 * 1024
"""How much of each stream is kept, in characters."""


class _Kept(io.StringIO):
    """A text stream that keeps the beginning of what is written, and says that it is UTF-8."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Take a text."""
        super().write(text[: max(0, _MOST - self.tell())])
        return len(text)


def _say_nothing(*_warning: Any, **_more: Any) -> None:
    """Take a warning of Python's, which would go to stderr as well."""


class Output:
    """A context manager that takes over stdout and stderr; `take` gives what was printed since it was asked last."""

    def __init__(self) -> None:
        self._kept = {"stdout": _Kept(), "stderr": _Kept()}
        self._before: dict[str, Any] = {}
        self._warn: Any = None
        self._no_log = logging.NullHandler()  # without any handler, logging would write warnings to stderr

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self._no_log)
        self._warn, warnings.showwarning = warnings.showwarning, _say_nothing
        for name, stream in self._kept.items():
            self._before[name] = getattr(sys, name)
            setattr(sys, name, stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, stream in self._before.items():
            setattr(sys, name, stream)
        warnings.showwarning = self._warn
        logging.getLogger().removeHandler(self._no_log)

    def take(self) -> list[dict[str, Any]]:
        """Return what was printed, one item for each stream, and forget it."""
        taken = [{name: stream.getvalue()} for name, stream in self._kept.items() if stream.getvalue()]
        for stream in self._kept.values():
            stream.seek(0)
            stream.truncate()
        return taken
