"""Judges a test case: who received and what, against what is expected. Pure; `compose/offline/case_run.py` asks it.

What was received has been found out by the daemon's own matching, and what was sent by a rehearsal.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, field

from reconciler.core.cases.differences import Difference, differences, lacking
from reconciler.core.routing.trace import Verdict
from reconciler.model.case import Case, Wanted, WantedDelivery
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.duration import format_duration
from reconciler.model.event import Event
from reconciler.model.rehearsal import Course, Rehearsed, message_value

_ANY: Final = WantedDelivery()


class Kind(StrEnum):
    """What was not as expected."""

    MISSED = "missed"
    UNEXPECTED = "unexpected"
    COUNT = "count"
    DIFFERENT = "different"
    NOT_SENT = "not_sent"
    SNAPSHOT = "snapshot"
    NO_SNAPSHOT = "no_snapshot"
    INVALID = "invalid"
    NOT_ASKED = "not_asked"


class Failure(Struct, frozen=True):
    """One thing that is not as expected. Which fields are filled depends on its kind.

    `event` is the event's index in the case, from 0. `verdict` is why it was received or not; `differences` where a
    delivery, or a snapshot, is another one; `error` why nothing could be sent, or not more.
    """

    kind: Kind
    config_id: str
    event: int | None = None
    verdict: Verdict | None = None
    differences: tuple[Difference, ...] = ()
    error: str = ""
    wanted: int | None = None
    found: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class Received(Struct, frozen=True):
    """One delivery: which event of the case, and what a rehearsal of it gave (None where nobody asks).

    `given_up_by` is the configuration whose fallback this one is.
    """

    event: int
    rehearsed: Rehearsed | None = None
    given_up_by: str = ""


class Happened(Struct, frozen=True):
    """What became of a case's events. `received` has the deliveries of each configuration that got any, in order.

    `why` gives the verdict on an event (by index) at a configuration, `invalid` the findings about configurations that
    cannot run.
    """

    received: Mapping[str, Sequence[Received]]
    why: Callable[[str, int], Verdict]
    invalid: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)


def judge(case: Case, happened: Happened, stored: Mapping[str, Any] | None) -> list[Failure]:
    """Return what is not as expected; `stored` is what snapshots hold for the case, None where they hold nothing."""
    failures: list[Failure] = []
    if case.snapshot:
        failures += _whole_snapshot(case, happened, stored)
    for wanted in case.wanted:
        failures += _one(case, wanted, happened, stored)
    if case.is_exhaustive and not case.snapshot:
        failures += _others(case, happened)
    failures += _not_asked(case, happened, {failure.config_id for failure in failures})
    return failures


def snapshot_of(case: Case, happened: Happened) -> dict[str, Any]:
    """Return what is stored of a case: the deliveries of each configuration that it asks to be compared."""
    asked = sorted(happened.received) if case.snapshot else [one.config_id for one in case.wanted if one.snapshot]
    return {key: [_stored(case, one) for one in happened.received.get(key, ())] for key in asked}


def _one(case: Case, wanted: Wanted, happened: Happened, stored: Mapping[str, Any] | None) -> Iterator[Failure]:
    config_id, got = wanted.config_id, happened.received.get(wanted.config_id, ())
    if config_id in happened.invalid:
        yield Failure(Kind.INVALID, config_id, diagnostics=happened.invalid[config_id])
        return
    if wanted.snapshot:
        yield from _not_sent(config_id, got)
        yield from _against(case, config_id, got, stored)
        return
    yield from _how_many(case, wanted, happened, got)
    if wanted.count != 0:
        yield from _not_sent(config_id, got)
    if wanted.count is None:
        wants = (wanted.deliveries or (_ANY,)) * len(got)
    else:
        wants = wanted.deliveries or (_ANY,) * wanted.count
    for want, one in zip(wants, got, strict=False):
        if one.rehearsed is not None and not one.rehearsed.error:
            found = tuple(_compare(want, one.rehearsed))
            if found:
                yield Failure(Kind.DIFFERENT, config_id, one.event, differences=found, error=one.rehearsed.note)


def _how_many(case: Case, wanted: Wanted, happened: Happened, got: Sequence[Received]) -> Iterator[Failure]:
    config_id, events = wanted.config_id, [one.event for one in got]
    if wanted.count is None or (wanted.count == len(case.events) and len(case.events) == 1):
        for index in sorted(set(range(len(case.events))) - set(events)):
            yield Failure(Kind.MISSED, config_id, index, happened.why(config_id, index))
    elif wanted.count == 0:
        yield from _unexpected(config_id, got, happened)
    elif wanted.count != len(got):
        first = next((n for n in range(len(case.events)) if n not in events), None) if len(got) < wanted.count else None
        why = None if first is None else happened.why(config_id, first)
        yield Failure(Kind.COUNT, config_id, first, why, wanted=wanted.count, found=len(got))


def _others(case: Case, happened: Happened) -> Iterator[Failure]:
    named = {one.config_id for one in case.wanted}
    for config_id in sorted(happened.received.keys() - named):
        yield from _unexpected(config_id, happened.received[config_id], happened)


def _not_asked(case: Case, happened: Happened, told: Collection[str]) -> Iterator[Failure]:
    """Yield the answers that nothing asks for: whoever wrote them expects the event to get there."""
    for config_id in sorted(case.answers.keys() - happened.received.keys() - set(told)):
        if config_id in happened.invalid:
            yield Failure(Kind.INVALID, config_id, diagnostics=happened.invalid[config_id])
        else:
            yield Failure(Kind.NOT_ASKED, config_id, 0, happened.why(config_id, 0) if case.events else None)


def _unexpected(config_id: str, got: Sequence[Received], happened: Happened) -> Iterator[Failure]:
    for one in got:
        why = None if one.given_up_by else happened.why(config_id, one.event)
        told = f"{one.given_up_by} has given it up" if one.given_up_by else ""
        yield Failure(Kind.UNEXPECTED, config_id, one.event, why, error=told)


def _not_sent(config_id: str, got: Sequence[Received]) -> Iterator[Failure]:
    for one in got:
        if one.rehearsed is not None and one.rehearsed.error:
            yield Failure(Kind.NOT_SENT, config_id, one.event, error=one.rehearsed.error)


def _compare(want: WantedDelivery, got: Rehearsed) -> Iterator[Difference]:
    message, sent = message_value(got.message), list(got.sent)
    if want.message is not None:
        yield from differences(_without_defaults(want.message), message, ("message",))
    if want.sent is not None:
        shown = [
            {key: one[key] for key in asked if key in one} for asked, one in zip(want.sent, sent, strict=False)
        ] + sent[len(want.sent) :]
        yield from differences(list(want.sent), shown, ("sent",))
    if want.contains is not None:
        yield from lacking(want.contains, {"message": message, "sent": sent})
    if got.course is not None:
        yield from _course(want.course or {}, _told(got.course))


def _course(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield how a course differs; what nobody says anything of is to be delivered."""
    wanted = wanted if "reason" in wanted else {"result": "delivered", **wanted}
    return differences(wanted, {key: found[key] for key in wanted if key in found})


def _told(course: Course) -> dict[str, Any]:
    """Return a course as cases and snapshots write it."""
    waits = [format_duration(wait) for wait in course.waits]
    told = {"attempts": course.attempts, "waits": waits, "result": course.result}
    return told | ({"reason": course.reason} if course.reason else {})


def _without_defaults(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as `message_value` writes one: what is the default is left out."""
    kept = {
        key: value for key, value in message.items() if value not in ("", []) and (key, value) != ("severity", "info")
    }
    if "fields" in kept:
        kept["fields"] = [
            {"title": "", "value": "", **{k: v for k, v in one.items() if (k, v) != ("short", True)}}
            for one in kept["fields"]
        ]
    return kept


def _whole_snapshot(case: Case, happened: Happened, stored: Mapping[str, Any] | None) -> Iterator[Failure]:
    for config_id, got in sorted(happened.received.items()):
        yield from _not_sent(config_id, got)
    if stored is None:
        yield Failure(Kind.NO_SNAPSHOT, "")
        return
    for config_id in sorted({*stored, *happened.received}):
        yield from _against(case, config_id, happened.received.get(config_id, ()), {config_id: [], **stored})


def _against(
    case: Case, config_id: str, got: Sequence[Received], stored: Mapping[str, Any] | None
) -> Iterator[Failure]:
    if stored is None or config_id not in stored:
        yield Failure(Kind.NO_SNAPSHOT, config_id)
        return
    found = tuple(differences(stored[config_id], [_stored(case, one) for one in got]))
    if found:
        yield Failure(Kind.SNAPSHOT, config_id, differences=found)


def _stored(case: Case, one: Received) -> dict[str, Any]:
    """Return a delivery as snapshots hold it; which event it was stands in it where there are several."""
    event: Event = case.events[one.event]
    item: dict[str, Any] = {"event": event.id} if len(case.events) > 1 else {}
    if one.rehearsed is not None:
        message = message_value(one.rehearsed.message)
        item |= {"message": message} if message is not None else {}
        item |= {"sent": [dict(sent) for sent in one.rehearsed.sent]}
        item |= {"published": list(one.rehearsed.published)} if one.rehearsed.published else {}
        item |= _told(one.rehearsed.course) if one.rehearsed.course is not None else {}
    return item
