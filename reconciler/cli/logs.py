"""Log records as a person or a machine reads them, on stderr; set up once, by the verbs that run the engine."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from reconciler.cli.console import fail, palette
from reconciler.report.ansi import Palette, printable

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("human", "json")
_LOUD = ("uvicorn.access", "watchfiles", "httpx2", "httpcore", "asyncio")  # at info they repeat what we say better


def configure_logging(log_format: str, log_level: str) -> None:
    """Send records at `log_level` and above to stderr in `log_format`; an unknown name is exit code 2."""
    if log_format not in FORMATS:
        fail(f"--log-format: expected human or json, found {log_format!r}")
    level = LEVELS.get(log_level.lower())
    if level is None:
        fail(f"--log-level: expected {', '.join(LEVELS)}, found {log_level!r}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else HumanFormatter(palette(sys.stderr)))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class HumanFormatter(logging.Formatter):
    """`warning reconciler.runtime: message`, in colour where there is one; a traceback follows, indented."""

    def __init__(self, paint: Palette) -> None:
        super().__init__()
        self._paint = paint

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, and its traceback beneath."""
        name = record.levelname.lower()
        label = self._paint.dim(name) if record.levelno < logging.WARNING else self._paint.severity(name, name)
        line = f"{label} {self._paint.dim(record.name)}: {printable(record.getMessage())}"
        trace = _trace(self, record)
        return line + "".join(f"\n    {printable(part)}" for part in trace.splitlines())


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, and the `detail` that `extra` gives."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        item: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if hasattr(record, "detail"):
            item["detail"] = record.detail
        trace = _trace(self, record)
        return json.dumps(item | ({"traceback": trace} if trace else {}), default=str)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""
