"""`reconcile --watch`: runs the daemon and prints what it says, on stderr: stdout is for what integrations print."""

import faulthandler
import logging
import os
import queue
import sys
import time
from typing import Any

from reconciler.cli.console import palette
from reconciler.cli.engine_options import engine_options
from reconciler.cli.logs import LEVELS, configure_logging
from reconciler.compose.signals import caught
from reconciler.report.log_fields import story_fields
from reconciler.report.places import relocate_event
from reconciler.report.story.daemon_event import DaemonEvent, Started
from reconciler.report.story.narrate import level, narrate
from reconciler.report.story.narrate_json import narrate_json

log = logging.getLogger("reconciler")


def watch(values: dict[str, Any]) -> int:
    """Run the daemon until it is told to stop; returns 0, or 1 when something had to be forced."""
    log_format, log_level = values["log_format"], values["log_level"]
    configure_logging(log_format, log_level)
    options = engine_options(values)
    say = say_json if log_format == "json" else Narrator(LEVELS[log_level.lower()]).say
    faulthandler.enable()  # a watchdog ends what hangs with SIGABRT: then the log has where every thread stood
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with caught(items.put):
        from reconciler.compose.ahead import begin_reading

        ahead = begin_reading(options)  # while the rest is imported
        from reconciler.compose.daemon import run_daemon
        from reconciler.config.places import display_prefix
        from reconciler.runtime.telling.notify_socket import NotifySocket

        prefix = display_prefix(options.root)
        channel = NotifySocket.from_environ(os.environ)
        try:
            return run_daemon(options, items, lambda event: say(relocate_event(event, prefix)), channel, ahead)
        finally:
            if ahead is not None:
                ahead.close()


class Narrator:
    """Prints the lines of an event, with the time of day where a person looks on."""

    def __init__(self, lowest: int) -> None:
        self._lowest = lowest
        self._paint = palette(sys.stderr)
        self._timed = sys.stderr.isatty()

    def say(self, event: DaemonEvent) -> None:
        """Print one event in one write, so that threads do not mix their lines."""
        if LEVELS[level(event)] < self._lowest:
            return
        lines = narrate(event, self._paint)
        clock = self._paint.dim(time.strftime("%H:%M:%S ")) if self._timed and not isinstance(event, Started) else ""
        if lines:
            sys.stderr.write("".join(f"{clock}{line}\n" for line in lines))
            sys.stderr.flush()


def say_json(event: DaemonEvent) -> None:
    """Log one event: its lines as the message, its fields by the names of `log_fields`, the whole as `detail`."""
    lines = narrate(event) if not isinstance(event, Started) else [f"reconcile {event.version} started"]
    fields = story_fields(event) | {"detail": narrate_json(event)}
    log.log(LEVELS[level(event)], "%s", " ".join(line.strip() for line in lines), extra={"fields": fields})
