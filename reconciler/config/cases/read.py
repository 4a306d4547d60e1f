"""From the bytes of a `*.test.yaml` file to its cases, with a finding and a place for all that is wrong.

Pure but for the files of events that cases name. A document with an error gives no case; the others of its file do.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.cases.answers import answers_of, wanted_course
from reconciler.config.cases.events import events_of_file, inline_event
from reconciler.config.cases.schema import CasesSchema
from reconciler.config.yaml.reader import RawDocument, read_documents
from reconciler.model import rules
from reconciler.model.case import Answer, Case, Wanted, WantedDelivery
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.errors import EventError
from reconciler.model.event import Event, parse_time
from reconciler.model.json import Path

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""What the clock says where neither the case nor its file says it."""


class KnownIds(Protocol):
    """The ids of all configurations, the invalid ones too: `Names`, or what looks for them when it is asked."""

    def __contains__(self, config_id: str, /) -> bool:
        """Whether some file names it."""

    def nearest(self, config_id: str, /) -> str | None:
        """Return the id most like one that no file names."""


class CaseFile(Struct, frozen=True):
    """Where a test file stands: `shown` is what findings call it, `folder` and `base` are resolved paths.

    Files of events are looked for in `folder` and must lie inside of `base`.
    """

    shown: str
    folder: str
    base: str


class ReadCases(Struct, frozen=True):
    """What a test file holds. `is_whole` says that no document of it was left out."""

    cases: tuple[Case, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it was left out."""
        return not any(found.is_error for found in self.diagnostics)


def read_cases(data: bytes, where: CaseFile, known: KnownIds | None, schema: CasesSchema) -> ReadCases:
    """Return the cases of a file. `known` is None where nobody knows all ids: then any may be expected."""
    result = read_documents(data, where.shown)
    findings = [_of_cases(found) for found in result.diagnostics]
    cases: list[Case] = []
    for document in result.documents:
        wrong = schema.check(document, where.shown)
        if not wrong:
            reader = _Reader(document, where, known)
            found = list(reader.cases())
            wrong = reader.findings
            cases += found if not wrong else []
        findings += wrong
    doubled = list(_doubled(cases))
    findings += doubled
    return ReadCases(tuple(cases) if not doubled else (), tuple(sorted(findings, key=Diagnostic.sort_key)))


def _of_cases(found: Diagnostic) -> Diagnostic:
    """Return what the reader of configurations says in the words of this file."""
    return replace(found, help="write cases, or delete the file") if found.rule == rules.EMPTY_DOCUMENT else found


class _Reader:
    """Reads the cases of one document that fits the schema."""

    def __init__(self, document: RawDocument, where: CaseFile, known: KnownIds | None) -> None:
        self._document = document
        self._where = where
        self._known = known
        self.findings: list[Diagnostic] = []

    def cases(self) -> Iterator[Case]:
        """Yield each case; what is wrong goes into `findings`."""
        value = self._document.value
        for index, raw in enumerate(value["cases"]):
            path: Path = ("cases", index)
            now = self._time(raw, path) if "now" in raw else self._time(value, ())
            events = self._events(raw, path, now)
            wanted = self._expect(raw["expect"], (*path, "expect"), len(events))
            answers = self._answers(raw, path, wanted, len(events))
            yield Case(
                raw["name"],
                self._where.shown,
                self._span((*path, "name")),
                now.timestamp(),
                events,
                wanted,
                is_exhaustive=raw.get("exhaustive", True),
                snapshot=raw["expect"] == "snapshot",
                skip=raw.get("skip", ""),
                answers=answers,
            )

    def _time(self, value: Mapping[str, Any], path: Path) -> datetime:
        if "now" not in value:
            return NOW
        try:
            return parse_time(value["now"])
        except EventError as error:
            self._add(rules.INVALID_VALUE, (*path, "now"), str(error).replace("the attribute 'time'", "`now`"), "")
            return NOW

    def _events(self, raw: Mapping[str, Any], path: Path, now: datetime) -> tuple[Event, ...]:
        if "file" in raw:
            try:
                return events_of_file(raw["file"], self._where.folder, self._where.base)
            except EventError as error:
                help_text = "it holds CloudEvents as JSON, one of them, a list, or one a line; beside the test file"
                self._add(rules.INVALID_EVENT, (*path, "file"), str(error), help_text)
                return ()
        many = [(("event",), raw["event"])] if "event" in raw else _numbered("events", raw["events"])
        found = []
        for number, (step, value) in enumerate(many, 1):
            try:
                found.append(inline_event(value, number, now))
            except EventError as error:
                self._add(rules.INVALID_EVENT, (*path, *step), str(error), "an event follows CloudEvents 1.0")
        return tuple(found)

    def _answers(
        self, raw: Mapping[str, Any], path: Path, wanted: Sequence[Wanted], events: int
    ) -> dict[str, tuple[Answer, ...]]:
        found = {key: answers_of(value) for key, value in raw.get("answers", {}).items()}
        for key in found:
            self._check_id(key, (*path, "answers", key))
        if found and events > 1:
            message = f"expected one event beside `answers`, found {events}: their retries would mix"
            self._add(rules.INVALID_VALUE, (*path, "answers"), message, "make a case of each", key=True)
        for one in wanted:
            if one.config_id not in found and any(delivery.course for delivery in one.deliveries):
                message = f"`{one.config_id}` has no `answers` in this case, so how its delivery ends is not known"
                help_text = "write under `answers` what the service says to its requests"
                self._add(rules.INVALID_VALUE, (*path, "expect", one.config_id), message, help_text, key=True)
        return found

    def _expect(self, raw: Any, path: Path, events: int) -> tuple[Wanted, ...]:
        if isinstance(raw, str):
            return ()
        return tuple(self._wanted(key, value, (*path, key), events) for key, value in raw.items())

    def _wanted(self, config_id: str, raw: Any, path: Path, events: int) -> Wanted:
        span = self._span(path, key=True)
        self._check_id(config_id, path)
        if isinstance(raw, bool):
            return Wanted(config_id, span, None if raw else 0)
        if isinstance(raw, int):
            if events and raw > events:
                message = (
                    f"the case has {events} event{'' if events == 1 else 's'}, so {config_id} cannot receive {raw}"
                )
                self._add(rules.INVALID_VALUE, path, message, "write how many of them reach it, or true for all")
            return Wanted(config_id, span, raw)
        if isinstance(raw, str):
            return Wanted(config_id, span, snapshot=True)
        if isinstance(raw, list):
            return Wanted(config_id, span, len(raw), tuple(map(_delivery, raw)))
        return Wanted(config_id, span, None, (_delivery(raw),))

    def _check_id(self, config_id: str, path: Path) -> None:
        if self._known is not None and config_id not in self._known:
            near = self._known.nearest(config_id)
            help_text = f"did you mean `{near}`?" if near else "an id is that of a file: integration/name"
            message = f"no file names a configuration `{config_id[:127]}`"
            self._add(rules.UNKNOWN_CONFIG, path, message, help_text, key=True)

    def _span(self, path: Path, *, key: bool = False) -> Span:
        return self._document.span(path, self._where.shown, key=key)

    def _add(self, rule: str, path: Path, message: str, help_text: str, *, key: bool = False) -> None:
        span = self._span(path, key=key)
        self.findings.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path))


def _numbered(key: str, values: Sequence[Any]) -> list[tuple[Path, Any]]:
    return [((key, index), value) for index, value in enumerate(values)]


def _delivery(raw: Mapping[str, Any]) -> WantedDelivery:
    contains = raw.get("contains")
    if contains is not None and "sent" in contains:
        contains = {**contains, "sent": list(_many(contains["sent"]))}
    sent = _many(raw["sent"]) if "sent" in raw else None
    return WantedDelivery(raw.get("message"), sent, contains, wanted_course(raw))


def _many(sent: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(sent) if isinstance(sent, list) else (sent,)


def _doubled(cases: Sequence[Case]) -> Iterator[Diagnostic]:
    """Yield an error for each case whose name another one before it has: snapshots and reports go by names."""
    first: dict[str, Case] = {}
    for case in cases:
        before = first.setdefault(case.name, case)
        if before is not case:
            related = (Related(before.span, "first written here"),)
            message = f"two cases are called `{case.name[:100]}`"
            yield Diagnostic(
                rules.DUPLICATE_CASE, Severity.ERROR, message, case.span, "give each its own name", (), related
            )
