"""PanelHook: a fragment on the integration's page, rendered when somebody looks."""

from collections.abc import Callable
from typing import Any

from reconciler.model.ports import Disposer, HookHost, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner

MAX_TITLE = 100


class PanelHook(Hook):
    """Show what `render()` returns, under `title`, while the owner lives.

    `render` may be `def` or `async def`. It returns text, which is escaped, or a JSON value (a mapping is shown as
    facts, a list of mappings as a table); at most 64 KiB, within 5 seconds. What it raises is shown as its failure.
    """

    where = Where.EVERYWHERE

    def __init__(self, owner: HookOwner, title: str, render: Callable[[], Any]) -> None:
        if not isinstance(title, str) or not 1 <= len(title) <= MAX_TITLE or not title.isprintable():
            raise ValueError(f"title of a PanelHook: expected 1 to {MAX_TITLE} characters, found {title!r:.80}")
        self.title = title
        self.render = render
        self._dispose: Disposer | None = None
        super().__init__(owner)

    def start(self, host: HookHost) -> None:
        """Put it on the page."""
        self._dispose = host.add_panel(self.title, self.render)

    def stop(self, reason: StopReason) -> None:  # noqa: ARG002 — the same for each
        """Take it off the page."""
        dispose, self._dispose = self._dispose, None
        if dispose is not None:
            dispose()

    def is_alive(self) -> bool:
        """Whether it is on the page."""
        return self._dispose is not None

    def describe(self) -> str:
        """Return its title."""
        return f"PanelHook {self.title}"
