"""What a schema cannot say: filters compile, templates compile, references can resolve, settings are not ignored.

Each text is checked once and the answer kept, since thousands of documents share theirs. `validation.py` calls this
for what fits its schema. What concerns several documents is not here (`fallbacks`, `run/across`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from reconciler.config.checks.events import EventChecks
from reconciler.config.checks.memory import trim
from reconciler.config.checks.place import Place
from reconciler.config.checks.templates import TemplateChecks
from reconciler.config.references import references
from reconciler.config.secrets import SecretResolver
from reconciler.config.yaml.reader import RawDocument
from reconciler.core.claims import Claims, Unfit
from reconciler.model import rules
from reconciler.model.descriptor import Descriptor, IgnoredSetting
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json import Path
from reconciler.model.secret import SecretRef

_ZERO: Final = re.compile(r"(0+(ms|s|m|h|d))+\Z")
_NOT_IN_FORCE: Final = ("rate", "group_by", "group_wait")


class Expectations(Struct, frozen=True):
    """What of an integration's descriptor the checks look at, in the form in which it is looked up."""

    integration: str = ""
    declared: tuple[str, ...] = ()
    ignored: tuple[IgnoredSetting, ...] = ()
    templates: frozenset[str] = field(default=frozenset())
    """The settings that are templates: their schema says `x-template`."""
    claims: Claims | None = None
    """What its configurations need for themselves; None where that is nothing."""
    ignored_message: str = ""
    """Why it uses no `message`; empty where it does."""

    @classmethod
    def of(cls, descriptor: Descriptor) -> "Expectations":
        """Take what is needed out of a descriptor."""
        properties = (descriptor.schema or {}).get("properties", {})
        templates = [key for key, item in properties.items() if isinstance(item, Mapping) and item.get("x-template")]
        declared = tuple(event.type for event in descriptor.events)
        defaults = {
            key: item["default"] for key, item in properties.items() if isinstance(item, Mapping) and "default" in item
        }
        routes = [(route.path, route.methods) for route in descriptor.routes]
        claims = Claims(descriptor.id, routes, descriptor.exclusive, defaults)
        return cls(
            descriptor.id, declared, descriptor.ignored_settings, frozenset(templates), claims or None,
            descriptor.ignored_message,
        )  # fmt: skip


class Checks:
    """The semantic checks of single documents, with their memory."""

    def __init__(self, secrets: SecretResolver) -> None:
        self._secrets = secrets
        self._events = EventChecks()
        self._templates = TemplateChecks()
        self._fine_references: dict[str, None] = {}

    def check(
        self, document: RawDocument, file: str, raw: Mapping[str, Any], expected: Expectations
    ) -> list[Diagnostic]:
        """Return the findings about `raw`, the parts of one document that fit the envelope (see `sound_parts`)."""
        found: list[Diagnostic] = []
        here = Place(document, file, found)
        if "events" in raw:
            self._events.check(raw["events"], here, expected.integration, expected.declared)
        if "message" in raw:
            self._templates.message(raw["message"], here)
            if expected.ignored_message:
                says = f"`message` has no effect: the integration {expected.integration} does not use it"
                here.warn(rules.IGNORED_SETTING, ("message",), says, expected.ignored_message, key=True)
        if "delivery" in raw:
            _delivery(raw["delivery"], here)
        settings = raw.get("settings")
        if expected.claims is not None:
            _claims(settings or {}, here, expected.claims)
        if settings:
            for value in settings.values():
                if (value.__class__ is dict or value.__class__ is list) and not self._is_fine_reference(value):
                    self._references(settings, here)
                    break
            if expected.ignored:
                _ignored(settings, here, expected)
            for key in expected.templates & settings.keys() if expected.templates else ():
                self._templates.check(settings[key], ("settings", key), here)
        return found

    def _is_fine_reference(self, value: Any) -> bool:
        if value.__class__ is not dict or len(value) != 1:
            return False
        uri = value.get("secret")  # a mapping may have a key of that name and anything beneath it
        return uri.__class__ is str and uri in self._fine_references

    def _references(self, settings: Mapping[str, Any], here: Place) -> None:
        for path, value in references(settings, ("settings",)):
            ref = SecretRef.parse(value)
            if ref is None:
                continue  # the schema has judged it already: here it is a mapping with a key of that name
            problem = self._secrets.check(ref)
            if problem is not None:
                here.error(rules.SECRET_REFERENCE, (*path, "secret"), problem, self._secrets.advice(ref))
            elif "format" not in value:
                trim(self._fine_references)
                self._fine_references[ref.uri] = None


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


def _delivery(delivery: Mapping[str, Any], here: Place) -> None:
    if _ZERO.match(str(delivery.get("expire_after", ""))):
        message = "`delivery.expire_after` is zero: every event would be too old before it could be sent"
        here.error(rules.INVALID_VALUE, ("delivery", "expire_after"), message, "write for how long it is worth sending")
    for key in _NOT_IN_FORCE:
        if key in delivery:
            message = f"`delivery.{key}` is not in force in this version: deliveries are neither limited nor grouped"
            here.warn(rules.IGNORED_SETTING, ("delivery", key), message, "leave it out for now", key=True)


def _claims(settings: Mapping[str, Any], here: Place, claims: Claims) -> None:
    try:
        list(claims.of(settings))
    except Unfit as problem:
        path = ("settings", *problem.setting)
        here.error(rules.INVALID_VALUE, path, str(problem), "write a path such as builds or team/builds")


def _ignored(settings: Mapping[str, Any], here: Place, expected: Expectations) -> None:
    for rule in expected.ignored:
        if rule.when_present in settings and rule.setting in settings:
            message = f"`{rule.setting}` has no effect beside `{rule.when_present}`"
            path = ("settings", rule.setting)
            here.warn(rules.IGNORED_SETTING, path, message, rule.reason, key=True, beside=rule.when_present)
