"""Whom a running engine tells what happens: functions of the host, the daemon's narrator, or a test's harness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.model.override import Intervention
from reconciler.model.plan import Outcome, Plan
from reconciler.model.state import PassRecord
from reconciler.runtime.loop.world import ConfigRecord

ALARM: Final = {"alarm": True}
"""What marks a record, as its `extra`, that is an alarm: a daemon tells alarms itself, and shows no such record."""


@dataclass(slots=True)
class Listener:
    """What is told; each is called on the engine's loop and must not block."""

    on_look: Callable[[Sequence[ConfigRecord]], None] = lambda _: None
    """The configurations that a look has found changed, before anything is done."""
    on_plan: Callable[[Plan], None] = lambda _: None
    on_outcomes: Callable[[Sequence[Outcome]], None] = lambda _: None
    """What came of actions that were worked on together, at least one."""
    on_pass: Callable[[PassRecord], None] = lambda _: None
    on_intervention: Callable[[Intervention], None] = lambda _: None
    """What somebody did, or which override ran out."""
