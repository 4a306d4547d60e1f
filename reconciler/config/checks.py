"""What a schema cannot say: filters compile, templates compile, references can resolve, settings are not ignored.

Each text is checked once and the answer kept, since thousands of documents share theirs. `validation.py` calls this
for what fits its schema; `dangling_fallbacks` is for those who hold a whole directory.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from reconciler.config.explain.nearest import nearest
from reconciler.config.secrets import SecretResolver, references
from reconciler.config.yaml.reader import RawDocument
from reconciler.model import rules
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor, IgnoredSetting
from reconciler.model.diagnostic import Diagnostic, Fix, Related, Severity, Span
from reconciler.model.json import Path
from reconciler.model.message import Level
from reconciler.model.secret import SecretRef

if TYPE_CHECKING:
    from reconciler.core.filter import Filters

_KEEP: Final = 20_000
_NOT_IN_FORCE: Final = ("rate", "group_by", "group_wait")
_CEL: Final = "write CEL over id, source, type, subject, time, data and scope, with ==, && and ||"
_LEVELS: Final = tuple(level.value for level in Level)


@dataclass(frozen=True, slots=True)
class Expectations:
    """What of an integration's descriptor the checks look at, in the form in which it is looked up."""

    integration: str = ""
    declared: tuple[str, ...] = ()
    ignored: tuple[IgnoredSetting, ...] = ()
    templates: frozenset[str] = field(default=frozenset())
    """The settings that are templates: their schema says `x-template`."""

    @classmethod
    def of(cls, descriptor: Descriptor) -> "Expectations":
        """Take what is needed out of a descriptor."""
        properties = (descriptor.schema or {}).get("properties", {})
        templates = [key for key, item in properties.items() if isinstance(item, Mapping) and item.get("x-template")]
        declared = tuple(event.type for event in descriptor.events)
        return cls(descriptor.id, declared, descriptor.ignored_settings, frozenset(templates))


class Checks:
    """The semantic checks of single documents, with their memory."""

    def __init__(self, secrets: SecretResolver) -> None:
        self._secrets = secrets
        self._compiler: Filters | None = None
        self._filters: dict[str, tuple[tuple[int, int], str, str] | None] = {}
        self._templates: dict[str, str | None] = {}
        self._fine_events: dict[tuple[str, str, str | None], None] = {}
        self._fine_references: dict[str, None] = {}

    def check(
        self, document: RawDocument, file: str, raw: Mapping[str, Any], expected: Expectations
    ) -> list[Diagnostic]:
        """Return the findings about `raw`, the parts of one document that fit the envelope (see `sound_parts`)."""
        found: list[Diagnostic] = []
        here = _Place(document, file, found)
        for item in raw.get("events", ()):
            if item is None or (expected.integration, item["type"], item.get("when")) not in self._fine_events:
                self._events(raw["events"], here, expected)
                break
        if "message" in raw:
            self._message(raw["message"], here)
        if "delivery" in raw:
            _delivery(raw["delivery"], here)
        settings = raw.get("settings")
        if settings:
            for value in settings.values():
                if (value.__class__ is dict or value.__class__ is list) and not self._is_fine_reference(value):
                    self._references(settings, here)
                    break
            if expected.ignored:
                _ignored(settings, here, expected)
            for key in expected.templates & settings.keys() if expected.templates else ():
                self._template(settings[key], ("settings", key), here)
        return found

    def _events(self, events: list[dict[str, Any] | None], here: "_Place", expected: Expectations) -> None:
        for index, item in enumerate(events):
            if item is None:
                continue
            kind, when = item["type"], item.get("when")
            fine = self._type(kind, ("events", index, "type"), here, expected)
            if when is not None:
                problem = self._filter(when)
                if problem is not None:
                    here.inside(rules.FILTER_SYNTAX, ("events", index, "when"), when, *problem)
                    continue
            if fine:
                _trim(self._fine_events)
                self._fine_events[expected.integration, kind, when] = None

    def _type(self, kind: str, path: Path, here: "_Place", expected: Expectations) -> bool:
        """Return whether there is nothing to say about an event type."""
        if "*" in kind:
            return self._pattern(kind, path, here)
        if not expected.declared or _is_declared(kind, expected.declared):
            return True
        near = nearest(kind, [one for one in expected.declared if "*" not in one])
        if near is not None:
            message = f"the event type `{kind[:60]}` is not one that `{expected.integration}` declares"
            here.warn(rules.UNKNOWN_EVENT_TYPE, path, message, f"did you mean `{near}`?", near=near)
        return near is None

    def _pattern(self, kind: str, path: Path, here: "_Place") -> bool:
        wrong = [part for part in kind.split(".") if "*" in part and part not in {"*", "**"}]
        if wrong:
            message = f"`{kind[:60]}`: `*` and `**` stand for whole segments between dots, not for a part of one"
            here.error(rules.INVALID_VALUE, path, message, "write a pattern such as build.* or **.failed")
        return not wrong

    def _filter(self, text: str) -> tuple[tuple[int, int], str, str] | None:
        """Return at which line and character an expression is wrong, what is wrong and a line of help, or None."""
        if text in self._filters:
            return self._filters[text]
        from reconciler.core.filter import Filters, FilterSyntaxError

        if self._compiler is None:
            self._compiler = Filters(keep=1)
        problem = None
        try:
            self._compiler.compile(text)
        except FilterSyntaxError as error:
            problem = ((error.line, error.column), f"`when` does not compile: {error}", _CEL)
        _trim(self._filters)
        self._filters[text] = problem
        return problem

    def _message(self, message: Mapping[str, Any], here: "_Place") -> None:
        for key, text in message.items():
            if not isinstance(text, str):
                for index, item in enumerate(text):
                    for name in ("title", "value"):
                        self._template(item[name], ("message", key, index, name), here)
            elif key == "severity" and "{" not in text and text not in _LEVELS:
                message_text = f"`message.severity`: expected one of {', '.join(_LEVELS)}, found `{text[:40]}`"
                near = nearest(text, _LEVELS)
                help_text = f"did you mean `{near}`?" if near else "or write a template that gives one of them"
                here.error(rules.INVALID_VALUE, ("message", key), message_text, help_text, _LEVELS)
            else:
                self._template(text, ("message", key), here)

    def _template(self, text: Any, path: Path, here: "_Place") -> None:
        if not isinstance(text, str) or "{" not in text:
            return
        if text not in self._templates:
            from reconciler.core.template import check_template

            _trim(self._templates)
            self._templates[text] = check_template(text)
        problem = self._templates[text]
        if problem is not None:
            from reconciler.config.explain.text import place_name

            message = f"`{place_name(path)}` does not compile: {problem}"
            here.error(rules.TEMPLATE_SYNTAX, path, message, "templates are Jinja2 and see `event` and `config`")

    def _is_fine_reference(self, value: Any) -> bool:
        if value.__class__ is not dict or len(value) != 1:
            return False
        uri = value.get("secret")  # a mapping may have a key of that name and anything beneath it
        return uri.__class__ is str and uri in self._fine_references

    def _references(self, settings: Mapping[str, Any], here: "_Place") -> None:
        for path, value in references(settings, ("settings",)):
            ref = SecretRef.parse(value)
            if ref is None:
                continue  # the schema has judged it already: here it is a mapping with a key of that name
            problem = self._secrets.check(ref)
            if problem is not None:
                here.error(rules.SECRET_REFERENCE, (*path, "secret"), problem, self._secrets.advice(ref))
            elif "format" not in value:
                _trim(self._fine_references)
                self._fine_references[ref.uri] = None


class _Place:
    """Adds findings about one document."""

    __slots__ = ("_document", "_file", "_found")

    def __init__(self, document: RawDocument, file: str, found: list[Diagnostic]) -> None:
        self._document, self._file, self._found = document, file, found

    def inside(self, rule: str, path: Path, text: str, place: tuple[int, int], message: str, help_text: str) -> None:
        """Add an error that points into `text`, the string at `path`, where the file has it as it is, on one line.

        `place` is a line and a column of `text`; where they cannot be pointed at, they are told.
        """
        span = self._document.span(path, self._file)
        line, column = place
        quotes = span.end_column - span.column - len(text)
        if span.line == span.end_line and quotes in {0, 2} and line == 1 and column <= len(text) + 1:
            start = min(span.column + column - 1 + quotes // 2, span.end_column - 1)
            span = replace(
                span,
                column=start,
                end_column=span.end_column - quotes // 2 if start + 1 < span.end_column else span.end_column,
            )
        else:
            where = f"line {line}, character {column}" if line > 1 else f"character {column}"
            help_text = f"{help_text}; see {where} of the expression"
        self._found.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path))

    def error(self, rule: str, path: Path, message: str, help_text: str, allowed: tuple[str, ...] = ()) -> None:
        """Add an error about the value at `path`, with the one of `allowed` that is meant."""
        span = self._document.span(path, self._file)
        fix = self._choice(path, allowed) if allowed else None
        self._found.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path, fix=fix))

    def warn(
        self,
        rule: str,
        path: Path,
        message: str,
        help_text: str,
        *,
        key: bool = False,
        near: str | None = None,
        beside: str | None = None,
    ) -> None:
        """Add a warning about the value at `path`, or about its key; `near` is what may be meant.

        `beside` is a key of the same mapping, because of which there is something to warn of.
        """
        span = self._document.span(path, self._file, key=key)
        fix = self._choice(path, (), near) if near else None
        related: tuple[Related, ...] = ()
        if beside is not None:
            other = self._document.span((*path[:-1], beside), self._file, key=True)
            related = (Related(other, "because of this"),)
        self._found.append(Diagnostic(rule, Severity.WARNING, message, span, help_text, path, related, fix))

    def _choice(self, path: Path, allowed: tuple[str, ...], near: str | None = None) -> Fix | None:
        from reconciler.config.explain.fixes import choose

        written = self._document.written(path, self._file)
        return choose(written, written.text if written else "", near, allowed)


def sound_parts(raw: Mapping[str, Any], wrong: Iterable[Path]) -> dict[str, Any]:
    """Return `raw` without what is at the `wrong` paths, two levels deep; a wrong item of a list becomes None."""
    sound = dict(raw)
    for path in wrong:
        part = sound.get(str(path[0]))
        if len(path) > 1 and isinstance(part, dict) and path[0] != "settings":
            sound[str(path[0])] = {key: item for key, item in part.items() if key != path[1]}
        elif len(path) > 1 and isinstance(part, list):
            sound[str(path[0])] = [None if index == path[1] else item for index, item in enumerate(part)]
        elif path[0] != "settings" or not isinstance(part, dict):
            sound.pop(str(path[0]), None)
    return sound


def _is_declared(kind: str, declared: tuple[str, ...]) -> bool:
    if kind in declared:
        return True
    from reconciler.core.routing import type_matches

    return any(type_matches(one, kind) for one in declared if "*" in one)


def _delivery(delivery: Mapping[str, Any], here: _Place) -> None:
    for key in _NOT_IN_FORCE:
        if key in delivery:
            message = f"`delivery.{key}` is not in force in this version: deliveries are neither limited nor grouped"
            here.warn(rules.IGNORED_SETTING, ("delivery", key), message, "leave it out for now", key=True)


def _ignored(settings: Mapping[str, Any], here: _Place, expected: Expectations) -> None:
    for rule in expected.ignored:
        if rule.when_present in settings and rule.setting in settings:
            message = f"`{rule.setting}` has no effect beside `{rule.when_present}`"
            here.warn(
                rules.IGNORED_SETTING,
                ("settings", rule.setting),
                message,
                rule.reason,
                key=True,
                beside=rule.when_present,
            )


def _trim(memory: dict[Any, Any]) -> None:
    """Forget the oldest half of what is remembered, once it is too much."""
    if len(memory) >= _KEEP:
        for key in list(memory)[: _KEEP // 2]:
            del memory[key]


def dangling_fallbacks(documents: Iterable[tuple[ConfigDocument, Span]], known: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each document whose `delivery.fallback` names no configuration that is `known`.

    The span is that of the fallback, or the document's; `known` are ids, of invalid documents too.
    """
    ids = set(known)
    for document, span in documents:
        fallback = document.delivery.get("fallback")
        if not isinstance(fallback, str) or (fallback in ids and fallback != document.id):
            continue
        near = nearest(fallback, ids - {document.id})
        help_text = f"did you mean `{near}`?" if near else "name another configuration as integration/name"
        what = "itself" if fallback == document.id else f"`{fallback[:127]}`, which is not configured"
        message = f"`delivery.fallback` of {document.id} names {what}"
        path: Path = ("delivery", "fallback")
        yield Diagnostic(rules.DANGLING_FALLBACK, Severity.WARNING, message, span, help_text, path)
