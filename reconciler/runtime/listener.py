"""Whom a running engine tells what happens: functions of the host, the daemon's narrator, or a test's harness."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from reconciler.model.override import Intervention
from reconciler.model.plan import Outcome, Plan
from reconciler.model.state import PassRecord
from reconciler.runtime.loop.world import ConfigRecord

log = logging.getLogger(__name__)
ALARM: Final = {"alarm": True}
"""What marks a record, as its `extra`, that is an alarm: a daemon tells alarms itself, and shows no such record."""


class Listener(Struct):
    """What is told; each is called on the engine's loop and must not block. What it raises is logged, and no more."""

    on_look: Callable[[Sequence[ConfigRecord]], None] = lambda _: None
    """The configurations that a look has found changed, before anything is done."""
    on_plan: Callable[[Plan], None] = lambda _: None
    on_outcomes: Callable[[Sequence[Outcome]], None] = lambda _: None
    """What came of actions that were worked on together, at least one."""
    on_pass: Callable[[PassRecord], None] = lambda _: None
    on_intervention: Callable[[Intervention], None] = lambda _: None
    """What somebody did, or which override ran out."""


def contained(listener: Listener) -> Listener:
    """Return the same, of which nothing raises: what a host does wrong must not end what it was told of."""
    return Listener(**{name: _contained(name, getattr(listener, name)) for name in listener.__struct_fields__})


def _contained(name: str, function: Callable[[Any], None]) -> Callable[[Any], None]:
    def told(what: Any) -> None:
        try:
            function(what)
        except Exception:
            log.exception("a listener failed in %s", name)

    return told
