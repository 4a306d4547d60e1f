"""Overrides: what people set aside for a while, whom it concerns, and what they did to the engine, as values.

A selector is stored as it was given, never its matches, so a configuration that appears later is covered too.
"""

import shlex
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from reconciler.model.duration import format_duration, parse_duration

LONGEST = 30 * 86400.0
"""The longest time that may be asked for, in seconds; without one, an override lasts until it is resumed."""
SHORTEST = 1.0
MOST_IDS = 100
"""How many ids one selector may list."""
MOST_LABELS = 20
MOST_TEXT = 500
"""How many characters a reason may have."""


class OverrideKind(StrEnum):
    """What is set aside: changes of the files, or sending."""

    SUSPEND = "suspend"
    PAUSE = "pause"


class Selector(Struct, frozen=True):
    """Which configurations: every part that is given must hold; of `ids`, one. Empty means all of them.

    `ids` and `labels` are sorted and without doubles, so that equal selectors are equal values.
    """

    ids: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    integration: str | None = None

    @classmethod
    def of(cls, ids: Any = (), labels: Mapping[str, str] | None = None, integration: str | None = None) -> "Selector":
        """Return the selector in its one form."""
        return cls(tuple(sorted(set(ids))), tuple(sorted((labels or {}).items())), integration)

    def __str__(self) -> str:
        """Return it as it is written on the command line."""
        parts = [shlex.quote(one) for one in self.ids]
        parts += [f"-l {shlex.quote(f'{key}={value}')}" for key, value in self.labels]
        if self.integration is not None:
            parts.append(f"--integration {shlex.quote(self.integration)}")
        return " ".join(parts) or "--all"


class Override(Struct, frozen=True):
    """One suspension or pause. Times are in seconds since the epoch; `until` is None for one without an end.

    `who` and `reason` are for people; `drop` says that a pause gives deliveries up instead of keeping them.
    """

    number: int
    kind: OverrideKind
    selector: Selector
    who: str
    reason: str
    since: float
    until: float | None = None
    drop: bool = False

    @property
    def word(self) -> str:
        """What it is called when it is told: `suspended`, or `paused`."""
        return "suspended" if self.kind is OverrideKind.SUSPEND else "paused"


class OverrideRequest(Struct, frozen=True):
    """What somebody asks for; `seconds` is None for an override that lasts until it is resumed."""

    kind: OverrideKind
    selector: Selector
    seconds: float | None = None
    reason: str = ""
    drop: bool = False


class InterventionKind(StrEnum):
    """What happened: a person did it, but for the last, which the clock did."""

    SUSPEND = "suspend"
    PAUSE = "pause"
    RESUME = "resume"
    APPROVE = "approve"
    RETRY = "retry"
    FORGET = "forget"
    RAN_OUT = "ran-out"


class Intervention(Struct, frozen=True):
    """Who did what to which configurations, when and why; what the history keeps beside the passes.

    `target` is a selector as it is written, the digest of a plan, or an id; `detail` says more about what was done.
    """

    kind: InterventionKind
    target: str
    who: str
    at: float
    reason: str = ""
    until: float | None = None
    detail: str = ""


def parse_span(text: str) -> float:
    """Return how long an override is to last, in seconds; raises ValueError with what may be asked for."""
    seconds = parse_duration(text)
    if not SHORTEST <= seconds <= LONGEST:
        least, most = format_duration(SHORTEST), format_duration(LONGEST)
        raise ValueError(
            f"{text!r} is too {'long' if seconds > LONGEST else 'short'}: from {least} to {most} may be asked for, "
            "and without a time it lasts until it is resumed"
        )
    return seconds
