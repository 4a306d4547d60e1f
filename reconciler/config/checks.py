"""What a schema cannot say: filters compile, templates compile, references can resolve, settings are not ignored.

Each text is checked once and the answer kept, since thousands of documents share theirs. `validation.py` calls this
for documents that fit their schemas.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.config.nearest import nearest
from reconciler.config.reader import RawDocument
from reconciler.config.secrets import SecretResolver, references
from reconciler.model import rules
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.json import Path
from reconciler.model.secret import SecretRef

_KEEP = 20_000
_NOT_IN_FORCE = ("rate", "group_by", "group_wait")
_LEVELS = ("info", "success", "warning", "error")


class Checks:
    """The semantic checks of single documents, with their memory."""

    def __init__(self, secrets: SecretResolver) -> None:
        self._secrets = secrets
        self._filters: dict[str, tuple[str, int] | None] = {}
        self._templates: dict[str, str | None] = {}

    def check(self, document: RawDocument, file: str, descriptor: Descriptor | None) -> list[Diagnostic]:
        """Return the findings about one document that fits the envelope."""
        found: list[Diagnostic] = []
        raw = document.value
        here = _Place(document, file, found)
        if "events" in raw:
            self._events(raw["events"], here, descriptor)
        if "message" in raw:
            self._message(raw["message"], here)
        if "delivery" in raw:
            _delivery(raw["delivery"], here)
        settings = raw.get("settings")
        if settings:
            self._references(settings, here)
            if descriptor is not None:
                _ignored(settings, here, descriptor)
                self._setting_templates(settings, here, descriptor)
        return found

    def _events(self, events: list[dict[str, Any]], here: "_Place", descriptor: Descriptor | None) -> None:
        declared = [event.type for event in descriptor.events] if descriptor is not None else []
        for index, item in enumerate(events):
            if declared and item["type"] not in declared and "*" not in item["type"]:
                near = nearest(item["type"], declared)
                if near is not None:
                    message = f"the event type `{item['type'][:60]}` is not one that this integration declares"
                    path = ("events", index, "type")
                    here.warn(rules.UNKNOWN_EVENT_TYPE, path, message, f"did you mean `{near}`?")
            if "when" in item:
                problem = self._filter(item["when"])
                if problem is not None:
                    here.error(rules.FILTER_SYNTAX, ("events", index, "when"), problem[0], _POINT.format(problem[1]))

    def _filter(self, text: str) -> tuple[str, int] | None:
        if text in self._filters:
            return self._filters[text]
        from reconciler.core.filter import FilterSyntaxError, compile_filter

        try:
            compile_filter(text)
            problem = None
        except FilterSyntaxError as error:
            problem = (str(error), error.column)
        _trim(self._filters)
        self._filters[text] = problem
        return problem

    def _message(self, message: Mapping[str, Any], here: "_Place") -> None:
        for key, text in message.items():
            if isinstance(text, str):
                self._template(text, ("message", key), here)
                if key == "severity" and "{" not in text and text not in _LEVELS:
                    help_text = f"write one of {', '.join(_LEVELS)}"
                    here.error(rules.INVALID_VALUE, ("message", key), f"`{text[:40]}` is not a severity", help_text)
            else:
                for index, item in enumerate(text):
                    for name in ("title", "value"):
                        self._template(item[name], ("message", key, index, name), here)

    def _setting_templates(self, settings: Mapping[str, Any], here: "_Place", descriptor: Descriptor) -> None:
        properties = (descriptor.schema or {}).get("properties", {})
        for key, text in settings.items():
            schema = properties.get(key)
            if isinstance(text, str) and isinstance(schema, Mapping) and schema.get("x-template"):
                self._template(text, ("settings", key), here)

    def _template(self, text: str, path: Path, here: "_Place") -> None:
        if "{" not in text:
            return
        if text not in self._templates:
            from reconciler.core.template import check_template

            _trim(self._templates)
            self._templates[text] = check_template(text)
        problem = self._templates[text]
        if problem is not None:
            here.error(rules.TEMPLATE_SYNTAX, path, problem, "templates are Jinja2 and see `event` and `config`")

    def _references(self, settings: Mapping[str, Any], here: "_Place") -> None:
        for path, value in references(settings, ("settings",)):
            ref = SecretRef.parse(value)
            if ref is None:
                continue  # the schema has judged it already: here it is a mapping with a key of that name
            problem = self._secrets.check(ref)
            if problem is not None:
                here.error(rules.SECRET_REFERENCE, (*path, "secret"), problem, "")


_POINT = "at character {} of the expression"


class _Place:
    """Adds findings about one document."""

    def __init__(self, document: RawDocument, file: str, found: list[Diagnostic]) -> None:
        self._document, self._file, self._found = document, file, found

    def error(self, rule: str, path: Path, message: str, help_text: str) -> None:
        span = self._document.span(path, self._file)
        self._found.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path))

    def warn(self, rule: str, path: Path, message: str, help_text: str, *, key: bool = False) -> None:
        span = self._document.span(path, self._file, key=key)
        self._found.append(Diagnostic(rule, Severity.WARNING, message, span, help_text, path))


def _delivery(delivery: Mapping[str, Any], here: _Place) -> None:
    for key in _NOT_IN_FORCE:
        if key in delivery:
            message = f"`{key}` is read, but not in force in this version: deliveries are neither limited nor grouped"
            here.warn(rules.IGNORED_SETTING, ("delivery", key), message, "leave it out for now", key=True)


def _ignored(settings: Mapping[str, Any], here: _Place, descriptor: Descriptor) -> None:
    for rule in descriptor.ignored_settings:
        if rule.setting in settings and rule.when_present in settings:
            message = f"`{rule.setting}` has no effect beside `{rule.when_present}`"
            here.warn(rules.IGNORED_SETTING, ("settings", rule.setting), message, rule.reason, key=True)


def _trim(memory: dict[str, Any]) -> None:
    """Forget the oldest half of what is remembered, once it is too much."""
    if len(memory) >= _KEEP:
        for key in list(memory)[: _KEEP // 2]:
            del memory[key]


def dangling_fallbacks(documents: Iterable[tuple[ConfigDocument, Span]], known: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each document whose `delivery.fallback` names no configuration that is `known`.

    The span is the document's; `known` are ids, of invalid documents too.
    """
    ids = set(known)
    for document, span in documents:
        fallback = document.delivery.get("fallback")
        if isinstance(fallback, str) and fallback not in ids:
            near = nearest(fallback, ids)
            help_text = f"did you mean `{near}`?" if near else "name a configuration as integration/name"
            message = f"`fallback` of {document.id} names `{fallback[:80]}`, which is not configured"
            path: Path = ("delivery", "fallback")
            yield Diagnostic(rules.DANGLING_FALLBACK, Severity.WARNING, message, span, help_text, path)
