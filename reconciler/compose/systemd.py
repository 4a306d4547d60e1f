"""What systemd is told: ready, reloading, stopping, a line of status, and that the engine's loop still turns.

Turns what happens in the daemon into sd_notify's words (sd_notify(3), systemd.service(5), Type=notify); the socket is
`runtime/notify_socket.py`. Without a service manager it does nothing.
"""

import signal
import time
from collections.abc import Callable

from reconciler.report.ansi import printable
from reconciler.report.count import count
from reconciler.report.story.daemon_event import Alarm, DaemonEvent, Held, Passed, Ready, StandingBy, Started, Stopping
from reconciler.runtime.telling.notify_socket import NotifySocket

_EXTEND = 60
"""For how long a start that is under way asks for more time, at each beat, in seconds."""
_RELOAD_ENDS = 60.0
"""When a reload counts as over although its pass has not ended, in seconds."""
_STATUS_EVERY = 10.0

Counts = Callable[[], tuple[dict[str, int], dict[str, int], int]]


class ServiceManager:
    """Tells systemd. `say` and `reload` are called in the daemon's main thread, `beat` on the engine's loop."""

    def __init__(self, channel: NotifySocket, counts: Counts) -> None:
        self._channel = channel
        self._counts = counts
        self._is_ready = self._is_stopping = False
        self._reloading_since: float | None = None
        self._problem = ""
        self._status_at = self._beat_at = 0.0

    @property
    def within(self) -> float | None:
        """Within how many seconds a beat is wanted, or None where nobody listens."""
        return (self._channel.watchdog or _EXTEND / 2) if self._channel.listens else None

    def say(self, event: DaemonEvent) -> None:
        """Pass on what matters of an event."""
        if not self._channel.listens:
            return
        match event:
            case StandingBy():
                self._channel.send("STATUS=standing by: another runner holds the state directory")
            case Started():
                self._channel.send("STATUS=the first pass is under way")
            case Ready():
                self._is_ready = True
                self._channel.send("READY=1", self._status())
            case Passed(record):
                self._passed(record.trigger)
            case Held(plan, _):
                self._problem = f"; {count(len(plan.held), 'removal')} held"
                self._channel.send(self._status())
            case Alarm(message, over):
                self._problem = "" if over else f"; {message}"
                self._channel.send(self._status())
            case Stopping(name, grace):
                self._is_stopping = True
                self._channel.send("STOPPING=1", f"STATUS={name}: stopping, within {grace:g} s")
            case _:
                pass

    def reload(self) -> None:
        """SIGHUP came: say that a reload begins; the pass that it asks for ends it."""
        if self._is_ready and not self._is_stopping:
            self._reloading_since = time.monotonic()
            micros = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            self._channel.send("RELOADING=1", f"MONOTONIC_USEC={micros}", "STATUS=looking at the whole directory again")

    def beat(self) -> None:
        """The engine's loop turns: feed the watchdog, and ask for time while the first pass is under way."""
        now, since = time.monotonic(), self._reloading_since
        if since is not None and now - since > _RELOAD_ENDS:
            self._reloading_since = None
            self._channel.send("READY=1", "STATUS=the pass that the reload asked for is still under way")
        if now - self._beat_at < (self.within or 0.0) / 4:
            return
        self._beat_at = now
        fed = ["WATCHDOG=1"] if self._channel.watchdog is not None else []
        if not self._is_ready and not self._is_stopping:
            fed.append(f"EXTEND_TIMEOUT_USEC={_EXTEND * 1_000_000}")
        if fed:
            self._channel.send(*fed)

    def close(self) -> None:
        """Say nothing more."""
        self._channel.close()

    def _passed(self, trigger: str) -> None:
        if signal.SIGHUP.name in trigger.split("+") and self._reloading_since is not None:
            self._reloading_since = None
            self._channel.send("READY=1", self._status())
        elif self._is_ready and not self._is_stopping and time.monotonic() - self._status_at > _STATUS_EVERY:
            self._channel.send(self._status())

    def _status(self) -> str:
        self._status_at = time.monotonic()
        configs, _, stale = self._counts()
        parts = [f"{configs.get('active', 0)} of {count(sum(configs.values()), 'configuration')} active"]
        parts += [f"{configs[state]} {state}" for state in ("failed", "invalid") if configs.get(state)]
        parts += [f"{stale} stale"] if stale else []
        return f"STATUS={', '.join(parts)}{printable(self._problem)}"
