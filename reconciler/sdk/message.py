"""From an event to a `Message`: the plain default, and a configuration's templates over it.

Not a formatter: each integration turns the `Message` into what its service takes. Called by `Integration.render`, and
by integrations that render a text of their own (`render_template`).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.core.template.filters import TemplateError
from reconciler.core.template.template import Templates, check_template
from reconciler.model.errors import TerminalError
from reconciler.model.event import Event
from reconciler.model.message import Field, Level, Message
from reconciler.sdk.config import IntegrationConfig

__all__ = ["check_template", "plain_message", "render_message", "render_template"]

_TEXTS: Final = ("title", "text", "url", "author", "image", "thread_key")
_SAID: Final = ("message", "text", "summary", "description")
_LINKS: Final = ("url", "html_url", "link")
_PEOPLE: Final = ("author", "user", "actor")
_STATES: Final = ("severity", "level", "status", "state", "conclusion", "result", "outcome")
_LEVELS: Final[Mapping[str, Level]] = {
    **dict.fromkeys(("error", "failed", "failure", "fatal", "critical", "alert", "emergency", "down"), Level.ERROR),
    **dict.fromkeys(("warning", "warn", "unstable", "degraded", "cancelled", "canceled", "timeout"), Level.WARNING),
    **dict.fromkeys(("success", "succeeded", "passed", "ok", "resolved", "recovered", "healthy"), Level.SUCCESS),
    **dict.fromkeys(("info", "notice", "debug"), Level.INFO),
}
_DOMAINS: Final = frozenset({"com", "org", "net", "io", "dev"})
_MAX_FIELDS: Final = 10
_LONG: Final = 300
_SHORT: Final = 40


def plain_message(event: Event) -> Message:
    """Return a readable message for any event, out of its type, its subject and the small values of its data."""
    data = event.data if isinstance(event.data, Mapping) else {}
    said = event.data if isinstance(event.data, str) else _first(data, _SAID, _is_text)
    return Message(
        title=": ".join(part for part in (_words(event.type), event.subject) if part),
        text=said or "",
        url=_first(data, _LINKS, _is_link) or "",
        severity=_level(data),
        fields=tuple(_facts(data))[:_MAX_FIELDS],
        author=_first(data, _PEOPLE, _is_name) or "",
    )


def render_message(default: Message, event: Event, config: IntegrationConfig[Any]) -> Message:
    """Return `default` with what the configuration's `message` says of it, field by field.

    Templates see `event` (type, source, id, subject, time, data, scope) and `config` (id, name, labels, scope), never
    a setting. Raises TerminalError, naming the configuration and the field, when one cannot be rendered.
    """
    templates = config.document.message
    if not templates:
        return default
    context = _context(event, config)

    def render(name: str, text: object) -> str:
        return _render(f"message.{name}", text, context, config).strip()

    texts = {name: render(name, templates[name]) for name in _TEXTS if name in templates}
    return Message(
        **{**{name: getattr(default, name) for name in _TEXTS}, **texts},
        severity=_severity(render, templates, config) if "severity" in templates else default.severity,
        fields=_fields(render, templates["fields"]) if "fields" in templates else default.fields,
    )


def render_template(text: str, event: Event, config: IntegrationConfig[Any], *, name: str = "template") -> str:
    """Return one template rendered as those of a message are; `name` is the setting's, for the error.

    Raises TerminalError when it cannot be rendered for this event.
    """
    return _render(name, text, _context(event, config), config)


def _render(name: str, text: object, context: Mapping[str, Any], config: IntegrationConfig[Any]) -> str:
    try:
        return _templates(config).render(str(text), context)
    except TemplateError as error:
        raise TerminalError(f"{config.id}: the template {name} cannot be rendered: {error}") from None


def _templates(config: IntegrationConfig[Any]) -> Templates:
    """Return what this version of the configuration has compiled; it goes when the configuration does."""
    held: Templates = vars(config).setdefault("_templates", Templates(limit=64))
    return held


def _context(event: Event, config: IntegrationConfig[Any]) -> dict[str, Any]:
    return {
        "event": {
            "type": event.type,
            "source": event.source,
            "id": event.id,
            "subject": event.subject,
            "time": event.as_json()["time"],
            "data": event.data,
            "scope": dict(event.scope),
        },
        "config": {
            "id": config.id,
            "name": config.name,
            "labels": dict(config.labels),
            "scope": {key: list(values) for key, values in config.scope.items()},
        },
    }


def _severity(
    render: Callable[[str, object], str], templates: Mapping[str, Any], config: IntegrationConfig[Any]
) -> Level:
    said = render("severity", templates["severity"]).lower()
    if said not in _LEVELS:
        known = ", ".join(Level)
        raise TerminalError(f"{config.id}: message.severity must be one of {known}; the template gave {said[:40]!r}")
    return _LEVELS[said]


def _fields(render: Callable[[str, object], str], listed: Any) -> tuple[Field, ...]:
    """Render the listed fields; one whose value comes out empty is left out."""
    fields = []
    for index, item in enumerate(listed):
        title = render(f"fields[{index}].title", item.get("title", ""))
        value = render(f"fields[{index}].value", item.get("value", ""))
        if value:
            fields.append(Field(title, value, bool(item.get("short", True))))
    return tuple(fields)


def _facts(data: Mapping[str, Any]) -> list[Field]:
    facts = []
    for key, value in data.items():
        if key in _SAID or key in _LINKS or not isinstance(value, str | int | float):
            continue
        shown = str(value).lower() if isinstance(value, bool) else str(value).strip()
        if shown and len(shown) <= _LONG and "\n" not in shown:
            facts.append(Field(_words(key), shown, len(shown) <= _SHORT))
    return facts


def _level(data: Mapping[str, Any]) -> Level:
    """Guess from the data's own words; a word that is not known says nothing."""
    for key in _STATES:
        value = data.get(key)
        if isinstance(value, str) and value.lower() in _LEVELS:
            return _LEVELS[value.lower()]
    return Level.INFO


def _words(name: str) -> str:
    """Return `build.finished` or `com.example.pull_request` as words, the top-level domain left out."""
    parts = name.replace("_", " ").replace("-", " ").replace("/", ".").split(".")
    if len(parts) > 2 and parts[0] in _DOMAINS:
        parts = parts[1:]
    words = " ".join(part for part in parts if part).strip()
    return words[:1].upper() + words[1:]


def _first(data: Mapping[str, Any], keys: tuple[str, ...], fits: Callable[[object], bool]) -> str | None:
    return next((str(data[key]) for key in keys if fits(data.get(key))), None)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _SHORT


def _is_link(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://")) and not any(c.isspace() for c in value)
