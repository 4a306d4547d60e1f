"""What a daemon prints, as records of the logger `reconciler.story`: the manager tells its host so what happens.

One line of text a record, without signs and colours; `fields` has the names of `log_fields`. All but the beginning and
the end is called on the engine's loop, so each record is bounded, and so is how many of one kind come at once.
"""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from reconciler._version import __version__
from reconciler.compose.narrator import Narrator
from reconciler.core.masking.nested import masked_within
from reconciler.model.errors import NotRunning
from reconciler.report.ansi import crop
from reconciler.report.log_fields import story_fields
from reconciler.report.log_format import LONGEST_MESSAGE
from reconciler.report.story.daemon_event import Cleared, DaemonEvent, Found, Held, Invalid, Passed, Started, Stopped
from reconciler.report.story.narrate import level, narrate
from reconciler.report.story.narrate_json import narrate_json
from reconciler.runtime.engine import Engine
from reconciler.runtime.listener import Listener, contained

log = logging.getLogger("reconciler.story")
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_FEW: Final = 50
"""Of one kind at once, more than this are counted: a thousand files that break together are one trouble."""
_LINES: Final = 10
"""How many of the daemon's lines for one event are told."""
_PARTS: Final = 100
"""What has more parts is no `detail`: it is made on the engine's loop, and nobody reads it in a log."""


class StoryLog:
    """Logs what one run of an engine does. `attach` comes before the engine starts."""

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._narrator = Narrator(self._hear)
        self._heard: Counter[type] = Counter()
        self._more: Counter[tuple[int, type]] = Counter()

    def beside(self, other: Listener | None) -> Listener:
        """Return a listener that tells `other` first, and then the log; neither can keep it from the other one."""
        theirs, own = contained(other or Listener()), contained(self._narrator.listener())
        return Listener(
            **{name: self._both(getattr(theirs, name), getattr(own, name)) for name in own.__struct_fields__}
        )

    def attach(self, engine: Engine) -> None:
        """Say which engine is listened to."""
        self._narrator.attach(engine)

    def started(self, engine: Engine) -> None:
        """Tell that an engine has begun."""
        where, known = engine.settings, len(engine.catalogue.ids())
        self._say(Started(__version__, str(where.root), str(where.state_dir), known))

    def stopped(self, engine: Engine, seconds: float) -> None:
        """Tell that an engine has ended, in `seconds`; nothing in a child of its process, where it never ran."""
        with suppress(NotRunning):
            engine.check_process()
            self._say(Stopped(seconds, tuple(engine.unfinished())))

    def _both(self, theirs: Callable[[Any], None], own: Callable[[Any], None]) -> Callable[[Any], None]:
        def told(what: Any) -> None:
            theirs(what)
            self._heard.clear()
            own(what)
            for (number, kind), more in self._more.items():
                name = kind.__name__.lower()
                self._log(number, f"and {more:,} more: {name}", {"detail": {"event": name, "cut": True, "more": more}})
            self._more.clear()

        return told

    def _hear(self, event: DaemonEvent) -> None:
        """Take an event of the narrator; findings become a record each."""
        events = [Found((one,)) for one in event.diagnostics] if isinstance(event, Found) else [event]
        for one in events:
            self._heard[type(one)] += 1
            if self._heard[type(one)] <= _FEW:
                self._say(one)
            else:
                self._more[_LEVELS[level(one)], type(one)] += 1

    def _say(self, event: DaemonEvent) -> None:
        number = _LEVELS[level(event)]
        if log.isEnabledFor(number):
            self._log(number, _line(event), story_fields(event) | {"detail": _detail(event)})

    def _log(self, number: int, text: str, fields: dict[str, Any]) -> None:
        told, about = crop(self._masked(text), LONGEST_MESSAGE), masked_within(fields, self._masked)
        with suppress(Exception):  # a handler of the host's raises: to log that would call it again
            log.log(number, "%s", told, extra={"fields": about})


def _line(event: DaemonEvent) -> str:
    lines = [line.strip() for line in narrate(event)]
    sign, _, rest = lines[0].partition(" ")
    lines[0] = rest if len(sign) == 1 and not sign.isalnum() else lines[0]
    if isinstance(event, Held) and event.plan.held:  # the command line does not reach an embedded engine
        lines[-1] = f"let them go with: manager.approve({event.plan.digest!r})"
    more = [f"and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    return "; ".join([*lines[:_LINES], *more])


def _detail(event: DaemonEvent) -> dict[str, Any]:
    if _parts(event) > _PARTS:
        return {"event": type(event).__name__.lower(), "cut": True}
    return narrate_json(event)


def _parts(event: DaemonEvent) -> int:
    match event:
        case Held(plan):
            return len(plan.actions)
        case Passed(record):
            return len(record.actions)
        case Invalid(diagnostics=found) | Cleared(diagnostics=found):
            return len(found)
        case _:
            return 0
