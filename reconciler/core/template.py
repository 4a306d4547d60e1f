"""Templates of messages and request bodies: checked without an event, rendered with one, bounded in every way.

Not the place where a `Message` is built: `reconciler.sdk.message` does that. Validation calls `check_template`, the
SDK calls `Templates.render`. Jinja2 is loaded by the first template (`reconciler.core.template_sandbox` holds it).
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.core.template_filters import TemplateError

if TYPE_CHECKING:
    from reconciler.core.template_sandbox import Compiled, Sandbox

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
    from reconciler.core.template_sandbox import Sandbox

    return Sandbox()
