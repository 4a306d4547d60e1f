"""Templates of messages and request bodies: checked without an event, rendered with one, bounded in every way.

Not the place where a `Message` is built: `reconciler.sdk.message` does that. Validation calls `check_template`, the
SDK calls `Templates.render`. Jinja2 is loaded by the first template (`reconciler.core.template.sandbox` holds it).
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.core.findings.wrong import Wrong
from reconciler.core.template.filters import TemplateError

if TYPE_CHECKING:
    from reconciler.core.template.names import Asked
    from reconciler.core.template.sandbox import Compiled, Sandbox

MAX_SOURCE: Final = 16 * 1024
"""The longest template taken, in characters."""
MAX_OUTPUT: Final = 64 * 1024
"""The longest text a template may make, in characters."""
NAMES: Final = ("event", "config")
"""The variables that every template sees."""


def check_template(text: str, names: Collection[str] = NAMES) -> str | None:
    """Return why `text` is not a usable template, as a sentence, or None; no variable has a value here."""
    try:
        _compile(_sandbox(), text, names)
    except TemplateError as error:
        return str(error)
    return None


class Inspected(Struct, frozen=True):
    """A template as validation sees it: what is wrong with it, and what it asks of the configuration's document."""

    wrong: Wrong | None = None
    fields: tuple[Wrong, ...] = ()
    """Fields that no event and no configuration has, which the template cannot do without."""
    needless: tuple[Wrong, ...] = ()
    """The same where the template says what to do without them."""
    own: "tuple[Asked, ...]" = ()
    """Labels, and keys of the scope, that a document has or has not."""


class Inspector:
    """Inspects templates, with one sandbox for all of them."""

    def __init__(self) -> None:
        self._sandbox = _sandbox()

    def inspect(self, text: str) -> Inspected:
        """Return what is certain of `text` before there is any event."""
        from reconciler.core.template.names import of_document, wrong_field

        try:
            asked = _compile(self._sandbox, text, NAMES).asked
        except TemplateError as error:
            return Inspected(error.wrong or Wrong(str(error), 0, len(text)))
        found = [(one, wrong) for one in asked if (wrong := wrong_field(one)) is not None]
        return Inspected(
            fields=tuple(wrong for one, wrong in found if not one.guarded),
            needless=tuple(wrong for one, wrong in found if one.guarded),
            own=tuple(filter(of_document, asked)),
        )


class Templates:
    """Compiles each text once and renders it; keeps at most `limit` compiled templates, the newest.

    Any thread may call it: what it keeps is a cache and nothing else.
    """

    def __init__(self, limit: int = 512, names: Collection[str] = NAMES) -> None:
        self._limit, self._names = limit, tuple(names)
        self._environment: Sandbox | None = None
        self._compiled: dict[str, Compiled] = {}

    def render(self, text: str, context: Mapping[str, Any]) -> str:
        """Return `text` rendered with the variables of `context`, JSON-like values that hold no secret.

        Raises TemplateError when it does not compile, names what is not there, or exceeds a bound.
        """
        if "{" not in text and len(text) <= MAX_SOURCE:
            return text
        compiled = self._compiled.get(text)
        if compiled is None:
            compiled = self._keep(text)
        return compiled.render(context, MAX_OUTPUT)

    def _keep(self, text: str) -> "Compiled":
        if self._environment is None:
            self._environment = _sandbox()
        compiled = _compile(self._environment, text, self._names)
        if len(self._compiled) >= self._limit:
            newest = list(self._compiled.items())[self._limit // 2 :]
            self._compiled = dict(newest)
        self._compiled[text] = compiled
        return compiled


def _compile(sandbox: "Sandbox", text: str, names: Collection[str]) -> "Compiled":
    if len(text) > MAX_SOURCE:
        raise TemplateError(f"a template is at most {MAX_SOURCE} characters, this one has {len(text)}")
    return sandbox.prepare(text, names)


def _sandbox() -> "Sandbox":
    from reconciler.core.template.sandbox import Sandbox

    return Sandbox()
