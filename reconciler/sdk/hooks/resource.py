"""ResourceHook: an effect that outlives the process, such as a webhook registered at a service.

Starting it ensures the effect; only the removal of its owner removes it. A restart or a new version leaves it.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

from reconciler.model.effect import EffectRow, EffectStatus
from reconciler.model.json import Json
from reconciler.model.ports import EffectHandle, HookHost, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner

MAX_KEY = 200
_DISK = 10.0
"""How long a row may take to reach the disk, in seconds."""


class ResourceHook(Hook):
    """Have `ensure()` called while the owner lives, and `remove(handle)` once it is disabled or gone.

    Both may be `def` or `async def`. `ensure()` makes sure that the effect is there and is as it should be, whether it
    was there before or not; it is called at every start and for every new version. What it returns, a JSON value of at
    most 16 KiB that holds no secret, is the handle by which `remove(handle)` takes the effect away, or finds it gone. A
    removal that fails is tried again until it succeeds, also in a later process. `key` names the effect within the
    integration, and is all that makes it another one if it changes (`f"webhook:{repository}"`): then the new one is
    ensured before the old one is removed. It lives in one process of the host, and does nothing in one pass (bare
    `reconcile`).
    """

    where = Where.RUNNER

    def __init__(
        self, owner: HookOwner, key: str, ensure: Callable[[], Any], remove: Callable[[Any], Awaitable[None] | None]
    ) -> None:
        if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY or not key.isprintable():
            raise ValueError(f"key of a ResourceHook: expected 1 to {MAX_KEY} printable characters, found {key!r:.80}")
        self.key = key
        self.ensure = ensure
        self.remove = remove
        self.exclusive = f"effect:{owner.hook_set.owner_key}:{key}"
        self._effect: EffectHandle | None = None
        super().__init__(owner)

    def adopt(self, host: HookHost) -> None:
        """Take over the inventory's row without ensuring anything: `stop` is going to remove what it stands for."""
        self._effect = host.effect(self.key)

    def start(self, host: HookHost) -> Awaitable[None] | None:
        """Note the intent, ensure, note the handle; a `def`, so that a plain `ensure` may block its thread."""
        effect = self._effect = host.effect(self.key)
        if not effect.acts:
            return None
        effect.begin().result(_DISK)
        return _then(self.ensure(), effect.hold, effect.rest)

    def stop(self, reason: StopReason) -> Awaitable[None] | None:
        """Remove the effect if its owner is; else leave it. May be called again until it succeeds."""
        effect = self._effect
        if effect is None:
            return None
        effect.rest()
        if reason is not StopReason.REMOVED:
            return None
        row = effect.take().result(_DISK)
        return None if row is None else self._take_away(effect, row)

    def describe(self) -> str:
        """Return its key."""
        return f"ResourceHook {self.key}"

    def _take_away(self, effect: EffectHandle, row: EffectRow) -> Awaitable[None] | None:
        handle = row.handle
        if handle is None and row.status is not EffectStatus.HELD:
            # The process ended before it was told: ensuring again is how to learn it.
            found = self.ensure()
            if inspect.isawaitable(found):
                return self._find_and_take_away(effect, found)
            handle = found
        return _then(self.remove(handle), lambda _: effect.drop(), effect.rest)

    async def _find_and_take_away(self, effect: EffectHandle, found: Awaitable[Json]) -> None:
        try:
            removed: Any = self.remove(await found)
            if inspect.isawaitable(removed):
                await removed
            await asyncio.wrap_future(effect.drop())
        finally:
            effect.rest()


def _then(result: Any, follow: Callable[[Any], "Future[None]"], finally_: Callable[[], None]) -> Awaitable[None] | None:
    """Do `follow` with what a call returned, at once, or after awaiting it where it was an `async def`."""
    if not inspect.isawaitable(result):
        try:
            follow(result).result(_DISK)
        finally:
            finally_()
        return None

    async def later() -> None:
        try:
            await asyncio.wrap_future(follow(await result))
        finally:
            finally_()

    return later()
