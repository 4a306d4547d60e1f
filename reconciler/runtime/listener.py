"""Whom the loop tells what happens: the daemon's narrator, a host, a test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.model.override import Intervention
from reconciler.model.plan import Outcome, Plan
from reconciler.model.state import PassRecord
from reconciler.runtime.world import ConfigRecord


@dataclass(slots=True)
class Listener:
    """Whom the controller tells what happens; each is called on the engine's loop and must not block."""

    on_look: Callable[[Sequence[ConfigRecord]], None] = lambda _: None
    """The configurations that a look has found changed, before anything is done."""
    on_plan: Callable[[Plan], None] = lambda _: None
    on_outcome: Callable[[Outcome], None] = lambda _: None
    on_pass: Callable[[PassRecord], None] = lambda _: None
    on_intervention: Callable[[Intervention], None] = lambda _: None
