"""A test case: events, and who is expected to receive them with what. Read out of `*.test.yaml` files."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.model.diagnostic import Span
from reconciler.model.event import Event


class Answer(Struct, frozen=True):
    """What stands in for one answer of a service; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class WantedDelivery(Struct, frozen=True):
    """What one delivery is to be. A part that is None is not looked at.

    `message` is the whole message; of each of `sent`, the keys that are given are compared whole. `contains` has parts
    of either. `course` is how it is to go where answers are scripted: `attempts`, `waits`, `result`, `reason`.
    """

    message: Mapping[str, Any] | None = None
    sent: tuple[Mapping[str, Any], ...] | None = None
    contains: Mapping[str, Any] | None = None
    course: Mapping[str, Any] | None = None


class Wanted(Struct, frozen=True):
    """What is expected at one configuration. `span` is where the case says it.

    `count` is how many of the case's events reach it, None being all. `deliveries` are what they are to be, in their
    order; a single one is what each is to be. `snapshot` compares them with what is stored.
    """

    config_id: str
    span: Span
    count: int | None = None
    deliveries: tuple[WantedDelivery, ...] = ()
    snapshot: bool = False


class Case(Struct, frozen=True):
    """One case. `file` is the test file relative to its root, `span` where its name stands.

    `now` is what the clock says, in seconds since the epoch. `is_exhaustive`: nobody but the `wanted` may receive.
    `snapshot`: whoever receives, and what, is compared with what is stored. `skip` is why it does not run, or empty.
    `answers` are those to the requests of a configuration, in their order; the last one stands for all that follow.
    """

    name: str
    file: str
    span: Span
    now: float
    events: tuple[Event, ...]
    wanted: tuple[Wanted, ...] = ()
    is_exhaustive: bool = True
    snapshot: bool = False
    skip: str = ""
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)

    @property
    def has_snapshot(self) -> bool:
        """Whether anything of it is compared with what is stored."""
        return self.snapshot or any(one.snapshot for one in self.wanted)
