"""Prints what the daemon says, on stderr: stdout is for what integrations print."""

import logging
import sys
import time
from collections.abc import Callable

from reconciler.cli.console import palette
from reconciler.cli.logs import LEVELS, Stream
from reconciler.report.log_fields import story_fields
from reconciler.report.story.daemon_event import DaemonEvent, Started
from reconciler.report.story.narrate import level, narrate
from reconciler.report.story.narrate_json import narrate_json

log = logging.getLogger("reconciler")


def voice(log_format: str, log_level: str, stream: Stream) -> Callable[[DaemonEvent], None]:
    """Return what prints events in a format, from a level on; `stream` leads to stderr."""
    return say_json if log_format == "json" else Narrator(LEVELS[log_level.lower()], stream).say


class Narrator:
    """Prints the lines of an event, with the time of day where a person looks on."""

    def __init__(self, lowest: int, stream: Stream) -> None:
        self._lowest = lowest
        self._stream = stream
        self._paint = palette(sys.stderr)
        self._timed = sys.stderr.isatty()

    def say(self, event: DaemonEvent) -> None:
        """Print one event in one write, so that threads do not mix their lines."""
        if LEVELS[level(event)] < self._lowest:
            return
        lines = narrate(event, self._paint)
        clock = self._paint.dim(time.strftime("%H:%M:%S ")) if self._timed and not isinstance(event, Started) else ""
        if lines:
            self._stream.write("".join(f"{clock}{line}\n" for line in lines))
            self._stream.flush()


def say_json(event: DaemonEvent) -> None:
    """Log one event: its lines as the message, its fields by the names of `log_fields`, the whole as `detail`."""
    lines = narrate(event) if not isinstance(event, Started) else [f"reconcile {event.version} started"]
    fields = story_fields(event) | {"detail": narrate_json(event)}
    log.log(LEVELS[level(event)], "%s", " ".join(line.strip() for line in lines), extra={"fields": fields})
