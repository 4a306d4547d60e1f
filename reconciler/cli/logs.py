"""Sets logging up: which records are shown, and in which format, on stderr; once, by the verbs that run the engine."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from reconciler.cli.console import fail, palette
from reconciler.report.log_format import HumanFormatter, JsonFormatter
from reconciler.runtime.telling.secret_filter import SecretFilter

log = logging.getLogger(__name__)
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("human", "json")
_LOUD = ("uvicorn.access", "watchfiles", "asyncio")  # at info they repeat what we say better
_TELLTALE = ("httpx2", "httpcore2", "httpx", "httpcore", "urllib3", "hpack")
"""HTTP clients: at debug and info they log addresses and headers, and with them the secrets that stand there."""


class Stream(Protocol):
    """What text is written to."""

    def write(self, text: str, /) -> object:
        """Write a text."""

    def flush(self) -> object:
        """Have it written by now, where that needs no waiting."""


def configure_logging(
    log_format: str,
    log_level: str,
    *,
    alarms: bool = True,
    masked: Callable[[str], str] = str,
    stream: Stream | None = None,
) -> None:
    """Send records at `log_level` and above to stderr in `log_format`; an unknown name is exit code 2.

    `masked` takes secrets out of a text. Without `alarms`, their records are left out: whoever calls tells them itself.
    `stream` leads to stderr by another way than its own buffer.
    """
    if log_format not in FORMATS:
        fail(f"--log-format: expected human or json, found {log_format!r}")
    level = LEVELS.get(log_level.lower())
    if level is None:
        fail(f"--log-level: expected {', '.join(LEVELS)}, found {log_level!r}")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(log_format))
    handler.addFilter(SecretFilter(masked))
    if not alarms:
        handler.addFilter(lambda record: not getattr(record, "alarm", False))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in (*_LOUD, *_TELLTALE):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def of_lost(log_format: str) -> Callable[[int], str]:
    """Return what gives the line about records that could not be written."""

    def line(number: int) -> str:
        text = "%d lines of this log are lost: they could not be written, or nobody read them"
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (number,), None)
        return f"{_formatter(log_format).format(record)}\n"

    return line


def _formatter(log_format: str) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else HumanFormatter(palette(sys.stderr), timed=sys.stderr.isatty())


@contextmanager
def unhandled_in_the_log() -> Iterator[None]:
    """Log what Python would print past the log: exceptions that end a thread, or that nobody can be told of."""
    kept = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = _thread_ended, _unraisable
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = kept


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        name = args.thread.name if args.thread is not None else "?"
        log.error("the thread %s has ended with an exception", name, exc_info=args.exc_value)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    log.error("%s %r", args.err_msg or "an exception is ignored in", args.object, exc_info=args.exc_value)
