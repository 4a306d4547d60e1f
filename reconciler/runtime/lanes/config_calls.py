"""How generations are started, replaced and stopped. Their integration decides when; this is how."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.config.resolved import Resolved
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.model.ports import StopReason
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.effects import Declarer, effect_keys
from reconciler.runtime.lanes.generation import Generation, Handover, RollbackFailed
from reconciler.runtime.lanes.hook_host import Caller, OwnerHost, Stopped, start_hooks, stop_hooks
from reconciler.runtime.lanes.known_secrets import literal_secrets, with_literals
from reconciler.runtime.lanes.settings_builder import SettingsBuilder
from reconciler.runtime.lanes.unfit import unfit
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import Hook, HookSet
from reconciler.sdk.hooks.resource import ResourceHook
from reconciler.sdk.integration import Integration

SIDE_BY_SIDE = 8
"""How many calls into an integration about its configurations are under way at a time."""
log = logging.getLogger(__name__)


class ConfigCalls(Struct, frozen=True):
    """Starts, replaces and stops generations of one active integration."""

    instance: Integration
    descriptor: Descriptor
    caller: Caller
    builder: SettingsBuilder | None = None
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SIDE_BY_SIDE))

    @classmethod
    def of(cls, instance: Integration, descriptor: Descriptor, caller: Caller) -> "ConfigCalls":
        """Return the calls of an integration that has just become active."""
        model = instance.Settings
        builder = SettingsBuilder(caller, model, instance.config_deadline) if model is not None else None
        return cls(instance, descriptor, caller, builder)

    async def start(self, document: ConfigDocument, resolved: Resolved) -> Generation:
        """Enable `document` and start its hooks; leaves nothing behind when it raises."""
        config, host = await self._prepare(document, resolved)
        try:
            return (await self._enable(document, resolved, config, host)).generation
        except BaseException:
            config.hook_set.close()
            host.close()
            raise

    async def replace(
        self, old: Generation, document: ConfigDocument, resolved: Resolved, *, afresh: bool = False
    ) -> Handover:
        """Start the generation of `document` beside `old`. Raising keeps the old one (but for RollbackFailed).

        `retire` follows, once routes lead to the new one. `afresh`: even where the class defines `config_changed`, for
        what runs is not well.
        """
        config, host = await self._prepare(document, resolved)
        goes_over = not afresh and type(self.instance).config_changed is not Integration.config_changed
        try:
            if goes_over:
                return await self._go_over(old, document, resolved, config, host)
            return await self._enable(document, resolved, config, host, old)
        except BaseException:
            config.hook_set.close()
            host.close()
            raise

    async def retire(self, old: Generation, handover: Handover) -> Stopped:
        """Stop what the new generation has replaced. Never raises an integration's exception.

        An effect whose key the new one does not declare any more has lost its owner: it is removed.
        """
        new = handover.generation
        kept = effect_keys(new.hooks)
        gone = [hook for hook in old.hooks if isinstance(hook, ResourceHook) and hook.key not in kept]
        rest = [hook for hook in old.hooks if hook not in gone and hook not in handover.stopped]
        stopped = await self._stop_hooks(old.document.id, rest, StopReason.REPLACED)
        removed = await self._stop_hooks(old.document.id, gone, StopReason.REMOVED)
        stopped = Stopped(stopped.problems + removed.problems, stopped.abandoned or removed.abandoned)
        error = None if handover.went_over else await self._disable(old.config)
        if error is not None:
            stopped.add("config_disabled", error)
        old.host.close()
        return stopped

    async def stop(self, generation: Generation, reason: StopReason) -> Stopped:
        """Disable and stop; returns what would not go. Never raises an integration's exception."""
        config = generation.config
        error = await self._disable(config)
        if error is not None:
            again = partial(self._call, "config_disabled", config.id, self.instance.config_disabled, config)
            self.caller.of(config.id).keep("config_disabled", error, again)
        lost = isinstance(error, Abandoned)
        stopped = await self._stop_hooks(config.id, generation.hooks, reason, lost=lost)
        if error is not None:
            stopped.add("config_disabled", error)
        generation.host.close()
        return stopped

    async def declare(self, document: ConfigDocument, resolved: Resolved) -> Generation:
        """Have `document` declare its hooks, and start none of them: `undeclare` follows."""
        config, host = await self._prepare(document, resolved)
        try:
            if type(self.instance).config_enabled is not Integration.config_enabled:
                await self._call("config_enabled", document.id, self.instance.config_enabled, config)
        except BaseException:
            config.hook_set.close()
            raise
        return Generation(document, resolved, config, host, config.hook_set.close())

    async def remove_effect(self, declared: Generation, hook: ResourceHook) -> Stopped:
        """Remove the effect of a hook that was declared and not started."""
        hook.adopt(declared.host)
        return await self._stop_hooks(declared.document.id, [hook], StopReason.REMOVED)

    async def undeclare(self, declared: Generation) -> None:
        """Undo `declare`; what fails is logged."""
        await self._disable(declared.config)
        declared.host.close()

    async def _prepare(self, document: ConfigDocument, resolved: Resolved) -> tuple[IntegrationConfig[Any], OwnerHost]:
        deadline, revealed = self.instance.delivery_deadline, self.caller.services.secrets.revealed
        literals = literal_secrets(document, revealed)  # before any code sees them
        values = with_literals(document, resolved.settings, revealed)
        settings = await self._settings(document, resolved.settings if self.builder is not None else values)
        hook_set = HookSet(document.id, self.descriptor)
        config = IntegrationConfig(document, settings, values, self.instance.default_settings, hook_set)
        declarer = Declarer(document.id, document, resolved.places, literals)
        loop = asyncio.get_running_loop()
        return config, OwnerHost(self.caller.services, self.caller.lane, declarer, deadline, loop)

    async def _settings(self, document: ConfigDocument, settings: Mapping[str, Any]) -> Any:
        """Build the typed settings, with the integration's defaults beneath what the file says."""
        values = {**self.instance.default_settings, **settings}
        if self.builder is None:
            return values
        try:
            return await self.builder.build(values)
        except Exception as error:
            told = unfit(document, error, self.caller.lane.masked)
            if told is error:
                raise
            raise told from None

    async def _enable(
        self,
        document: ConfigDocument,
        resolved: Resolved,
        config: IntegrationConfig[Any],
        host: OwnerHost,
        old: Generation | None = None,
    ) -> Handover:
        if type(self.instance).config_enabled is not Integration.config_enabled:
            await self._call("config_enabled", document.id, self.instance.config_enabled, config)
        try:
            return await self._start_hooks(document, resolved, config, host, old)
        except Abandoned:
            raise
        except Exception:
            error = await self._disable(config)
            if isinstance(error, Abandoned):
                raise error from None
            raise

    async def _go_over(
        self,
        old: Generation,
        document: ConfigDocument,
        resolved: Resolved,
        config: IntegrationConfig[Any],
        host: OwnerHost,
    ) -> Handover:
        await self._call("config_changed", document.id, self.instance.config_changed, old.config, config)
        try:
            handover = await self._start_hooks(document, resolved, config, host, old)
        except Abandoned:
            raise
        except Exception:
            await self._go_back(config, old.config)
            raise
        return replace(handover, went_over=True)

    async def _go_back(self, new: IntegrationConfig[Any], old: IntegrationConfig[Any]) -> None:
        """The hooks of the new version did not start: have the code go back to the old one, whose hooks still run.

        What it declares on the way is dropped.
        """
        hook_set = HookSet(old.id, self.descriptor)
        again = IntegrationConfig(old.document, old.settings, old.values, old.defaults, hook_set)
        try:
            await self._call("config_changed (back)", old.id, self.instance.config_changed, new, again)
        except Exception as error:
            if isinstance(error, Abandoned):
                raise
            log.warning("%s: config_changed did not go back to the version that runs: %s", old.id, error)
        finally:
            hook_set.close()

    async def _start_hooks(
        self,
        document: ConfigDocument,
        resolved: Resolved,
        config: IntegrationConfig[Any],
        host: OwnerHost,
        old: Generation | None,
    ) -> Handover:
        hooks = config.hook_set.close()
        overlap = _overlap(old, hooks)
        deadline, caller = self.instance.config_deadline, self.caller.of(document.id)
        async with self._room:
            if overlap:
                await stop_hooks(caller, overlap, StopReason.REPLACED, deadline)
            try:
                await start_hooks(caller, host, hooks, deadline)
            except Abandoned:
                raise
            except Exception as error:
                if old is not None:
                    await self._start_again(caller, old, overlap, error)
                raise
        generation = Generation(document, resolved, config, host, hooks)
        return Handover(generation, tuple(overlap))

    async def _start_again(self, caller: Caller, old: Generation, hooks: Sequence[Hook], why: Exception) -> None:
        """Start the hooks of `old` that had to make way; raises RollbackFailed when they do not."""
        try:
            await start_hooks(caller, old.host, hooks, self.instance.config_deadline)
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it raises, the rollback has failed
            raise RollbackFailed(f"{why}; what ran before does not start again either: {error}") from why

    async def _stop_hooks(
        self, config_id: str, hooks: Sequence[Hook], reason: StopReason, *, lost: bool = False
    ) -> Stopped:
        deadline = self.instance.shutdown_deadline
        async with self._room:
            return await stop_hooks(self.caller.of(config_id), hooks, reason, deadline, lost=lost)

    async def _disable(self, config: IntegrationConfig[Any]) -> Exception | None:
        """Call `config_disabled` where it is defined, and return what it raised."""
        if type(self.instance).config_disabled is Integration.config_disabled:
            return None
        try:
            await self._call("config_disabled", config.id, self.instance.config_disabled, config)
        except Exception as error:  # noqa: BLE001 — its hooks must still stop
            fields = self.caller.services.about(config.id)
            log.warning("%s: config_disabled failed: %s", config.id, error, extra={"fields": fields})
            return error
        return None

    async def _call(self, what: str, config_id: str, function: Any, *args: Any) -> Any:
        async with self._room:
            return await self.caller.of(config_id)(what, self.instance.config_deadline, function, *args)


def _overlap(old: Generation | None, hooks: Sequence[Hook]) -> list[Hook]:
    """Return the hooks of `old` that hold an exclusive key which one of `hooks` needs."""
    if old is None:
        return []
    needed = {hook.exclusive for hook in hooks if hook.exclusive is not None}
    return [hook for hook in old.hooks if hook.exclusive in needed]
