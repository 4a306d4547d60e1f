"""The panels that PanelHooks have put on the pages of their integrations, and the rendering of them.

A panel is the integration's code: it runs in its lane, under a deadline, and what it gives is bounded and plain.
"""

import asyncio
import html
import json
import threading
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from reconciler.core.masking.nested import masked_within
from reconciler.model.json import Json
from reconciler.model.panel import PanelView
from reconciler.model.ports import Clock, Disposer
from reconciler.runtime.lanes.abandoned import AbandonedCalls
from reconciler.runtime.lanes.calls import Abandoned, call
from reconciler.runtime.lanes.lane import Lane

DEADLINE = 5.0
"""How long a panel may take, in seconds."""
MAX_SIZE = 64 * 1024
MAX_PANELS = 50
"""How many panels of one integration are rendered; each configuration may have some."""
_AT_ONCE = 8


class Panel(Struct, frozen=True, eq=False):
    """One panel of one owner."""

    owner: str
    title: str
    render: Callable[[], Any]
    lane: Lane


class PanelTable:
    """Panels by integration; any thread may add and take back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._panels: dict[str, tuple[Panel, ...]] = {}

    def add(self, panel: Panel) -> Disposer:
        """Put a panel on the page of its integration."""
        key = panel.owner.partition("/")[0]
        with self._lock:
            self._panels[key] = (*self._panels.get(key, ()), panel)
        return lambda: self._remove(key, panel)

    def of(self, integration: str) -> tuple[Panel, ...]:
        """Return the panels of an integration: its own, then those of its configurations, each as declared."""
        panels = self._panels.get(integration, ())
        return tuple(sorted(panels, key=lambda panel: panel.owner))

    def _remove(self, key: str, panel: Panel) -> None:
        with self._lock:
            left = tuple(one for one in self._panels.get(key, ()) if one is not panel)
            if left:
                self._panels[key] = left
            else:
                self._panels.pop(key, None)


async def render_panels(
    clock: Clock, table: PanelTable, integration: str, abandoned: AbandonedCalls
) -> list[PanelView]:
    """Render the panels of an integration side by side; one that fails or hangs is shown as a failure."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(panel: Panel) -> PanelView:
        async with places:
            return await _render(clock, panel, abandoned)

    return list(await asyncio.gather(*(one(panel) for panel in table.of(integration)[:MAX_PANELS])))


async def _render(clock: Clock, panel: Panel, abandoned: AbandonedCalls) -> PanelView:
    what = f"{panel.owner}: the panel {panel.title!r}"
    try:
        value = await call(clock, panel.lane, what, DEADLINE, panel.render)
        return _view(panel, masked_within(value, panel.lane.masked))
    except Abandoned as error:
        abandoned.tell(panel.owner.partition("/")[0], error)
        return PanelView(panel.owner, panel.title, error=str(error))
    except Exception as error:  # noqa: BLE001 — a panel that fails is shown as such
        return PanelView(panel.owner, panel.title, error=f"{type(error).__name__}: {error}"[:500])


def _view(panel: Panel, value: Any) -> PanelView:
    if isinstance(value, str):
        _check_size(value)
        return PanelView(panel.owner, panel.title, html=html.escape(value))
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("render() returned neither text nor a JSON value") from None
    _check_size(text)
    data: Json = json.loads(text)
    return PanelView(panel.owner, panel.title, data=data)


def _check_size(text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SIZE:
        raise ValueError(f"render() returned more than {MAX_SIZE // 1024} KiB")
