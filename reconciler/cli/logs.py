"""Sets logging up: which records are shown, and in which format, on stderr; once, by the verbs that run the engine."""

import logging
import sys

from reconciler.cli.console import fail, palette
from reconciler.report.log_format import HumanFormatter, JsonFormatter

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("human", "json")
_LOUD = ("uvicorn.access", "watchfiles", "asyncio")  # at info they repeat what we say better
_TELLTALE = ("httpx2", "httpcore2", "httpx", "httpcore", "urllib3", "hpack")
"""HTTP clients: at debug and info they log addresses and headers, and with them the secrets that stand there."""


def configure_logging(log_format: str, log_level: str, *, alarms: bool = True) -> None:
    """Send records at `log_level` and above to stderr in `log_format`; an unknown name is exit code 2.

    Without `alarms`, their records are left out: whoever calls tells them itself.
    """
    if log_format not in FORMATS:
        fail(f"--log-format: expected human or json, found {log_format!r}")
    level = LEVELS.get(log_level.lower())
    if level is None:
        fail(f"--log-level: expected {', '.join(LEVELS)}, found {log_level!r}")
    handler = logging.StreamHandler(sys.stderr)
    human = HumanFormatter(palette(sys.stderr), timed=sys.stderr.isatty())
    handler.setFormatter(JsonFormatter() if log_format == "json" else human)
    if not alarms:
        handler.addFilter(lambda record: not getattr(record, "alarm", False))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in (*_LOUD, *_TELLTALE):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
