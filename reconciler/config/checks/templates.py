"""The Jinja2 templates of one document: those of its `message`, and the settings that are templates."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.config.checks.memory import trim
from reconciler.config.checks.place import Place
from reconciler.core.findings.nearest import nearest
from reconciler.model import rules
from reconciler.model.json import Path

if TYPE_CHECKING:
    from reconciler.core.template.names import Asked
    from reconciler.core.template.template import Inspected, Inspector

_HELP: Final = "templates are Jinja2 and see `event` and `config`"


class TemplateChecks:
    """Checks templates, with the memory of each."""

    def __init__(self) -> None:
        self._inspector: Inspector | None = None
        self._inspected: dict[str, Inspected | None] = {}

    def message(self, message: Mapping[str, Any], here: Place) -> None:
        """Add what is wrong with a document's `message`."""
        for key, text in message.items():
            if not isinstance(text, str):
                self._fields(key, text, here)
            elif key == "severity" and "{" not in text:
                _severity(text, here)
            else:
                self.check(text, ("message", key), here)

    def _fields(self, key: str, fields: Any, here: Place) -> None:
        """Add what is wrong with a list of fields; beneath a key that is not known, anything may stand."""
        for index, item in enumerate(fields if isinstance(fields, list) else ()):
            for name in ("title", "value") if isinstance(item, dict) else ():
                self.check(item.get(name), ("message", key, index, name), here)

    def check(self, text: Any, path: Path, here: Place) -> None:
        """Add what is wrong with the template `text`."""
        if not isinstance(text, str) or "{" not in text:
            return
        try:
            found = self._inspected[text]
        except KeyError:
            found = self._inspect(text)
        if found is None:
            return
        if found.wrong is not None:
            from reconciler.config.explain.text import place_name

            here.inside(
                rules.TEMPLATE_SYNTAX, path, found.wrong, _HELP, says=f"`{place_name(path)}` does not compile: "
            )
        for wrong in found.fields:
            here.inside(rules.UNKNOWN_FIELD, path, wrong, _HELP)
        for wrong in found.needless:
            here.inside(rules.ABSENT_FIELD, path, wrong, _HELP, warning=True)
        for asked in found.own:
            _own(asked, path, here)

    def _inspect(self, text: str) -> "Inspected | None":
        """Inspect and remember; None for a template that has nothing to be said of."""
        from reconciler.core.template.template import Inspected, Inspector

        if self._inspector is None:
            self._inspector = Inspector()
        found: Inspected | None = self._inspector.inspect(text)
        if found == Inspected():
            found = None
        trim(self._inspected)
        self._inspected[text] = found
        return found


def _severity(text: str, here: Place) -> None:
    from reconciler.model.message import Level

    levels = tuple(level.value for level in Level)
    if text in levels:
        return
    message = f"`message.severity`: expected one of {', '.join(levels)}, found `{text[:40]}`"
    near = nearest(text, levels)
    hint = f"did you mean `{near}`?" if near else "or write a template that gives one of them"
    here.error(rules.INVALID_VALUE, ("message", "severity"), message, hint, levels)


def _own(asked: "Asked", path: Path, here: Place) -> None:
    """Say when a template asks for a label, or a key of the scope, that its own document does not have."""
    from reconciler.core.findings.wrong import Wrong

    _, part, key = asked.path
    has = here.part(part) or {}
    if not isinstance(has, Mapping) or key in has:
        return
    message = f"this configuration has no {key!r} in its `{part}`"
    wrong = Wrong(message, asked.offset, asked.length, f"write it under `{part}`", key, tuple(has))
    rule = rules.ABSENT_FIELD if asked.guarded else rules.UNKNOWN_FIELD
    here.inside(rule, path, wrong, warning=asked.guarded)
