"""`reconcile --watch`: has the directory read ahead, imports what the daemon consists of, and runs it.

In this order, since a large directory takes longer to read than all the code.
"""

import faulthandler
import os
import queue
import sys
from typing import Any, Final

from reconciler.cli.engine_options import engine_options
from reconciler.compose.signals import caught
from reconciler.config.collector import without_gc

_LAST_WORDS: Final = 1.0
"""How long the last lines of the log may take to be written, in seconds."""


def watch(values: dict[str, Any]) -> int:
    """Run the daemon until it is told to stop; returns 0, or 1 when something had to be forced."""
    faulthandler.enable()  # a watchdog ends what hangs with SIGABRT: then the log has where every thread stood
    items: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with caught(items.put), without_gc():  # what is imported stays; the daemon says when to collect from then on
        options = engine_options(values)
        from reconciler.compose.ahead import begin_reading

        ahead = begin_reading(options)
        outlet = None
        try:
            from reconciler.cli.logs import configure_logging, of_lost, unhandled_in_the_log
            from reconciler.cli.outlet import Outlet

            log_format, log_level, masked = values["log_format"], values["log_level"], options.revealed.masked
            outlet = Outlet(sys.stderr, of_lost(log_format))
            configure_logging(log_format, log_level, alarms=False, masked=masked, stream=outlet)
            from reconciler.cli.voice import voice
            from reconciler.compose.daemon import run_daemon
            from reconciler.config.places import display_prefix
            from reconciler.report.places import relocate_event
            from reconciler.runtime.telling.notify_socket import NotifySocket

            say, prefix = voice(log_format, log_level, outlet), display_prefix(options.root)
            channel = NotifySocket.from_environ(os.environ)
            with unhandled_in_the_log():
                return run_daemon(options, items, lambda event: say(relocate_event(event, prefix)), channel, ahead)
        finally:
            if outlet is not None:
                outlet.close(_LAST_WORDS)
            if ahead is not None:
                ahead.close()
