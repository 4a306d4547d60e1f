"""A generation: one version of one configuration, running. Its integration decides when; this is how."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.config.secrets import Resolved
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import TerminalError
from reconciler.model.ports import StopReason
from reconciler.model.secret import Secret
from reconciler.runtime.calls import Abandoned
from reconciler.runtime.hook_host import Caller, OwnerHost, Receiver, start_hooks, stop_hooks
from reconciler.runtime.settings_builder import SettingsBuilder
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import Hook, HookSet
from reconciler.sdk.integration import Integration

SIDE_BY_SIDE = 8
"""How many calls into an integration about its configurations are under way at a time."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Generation:
    """What runs under one id: the document, the config object the code sees, its hooks and their host."""

    document: ConfigDocument
    fingerprint: str
    secret_refs: tuple[str, ...]
    config: IntegrationConfig[Any]
    host: OwnerHost
    hooks: tuple[Hook, ...]

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The receivers whose owner is this configuration."""
        return self.host.receivers

    def rerouted(self, document: ConfigDocument) -> "Generation":
        """Return the same generation under a document that differs in nothing the code hears of."""
        old = self.config
        config = IntegrationConfig(document, old.settings, old.values, old.defaults, old.hook_set)
        return replace(self, document=document, config=config)


@dataclass(frozen=True, slots=True)
class ConfigCalls:
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
            return await self._enable(document, resolved, config, host)
        except BaseException:
            config.hook_set.close()
            host.close()
            raise

    async def replace(self, old: Generation, document: ConfigDocument, resolved: Resolved) -> Generation:
        """Go over from `old` to `document`: new hooks start before old ones stop. Raising keeps the old one."""
        config, host = await self._prepare(document, resolved)
        try:
            if type(self.instance).config_changed is not Integration.config_changed:
                await self._call("config_changed", document.id, self.instance.config_changed, old.config, config)
                new = await self._start_hooks(document, resolved, config, host, old)
                await self._stop_hooks(old, StopReason.REPLACED)
            else:
                new = await self._enable(document, resolved, config, host, old)
                await self._stop_hooks(old, StopReason.REPLACED)
                await self._disable(old.config)
        except BaseException:
            config.hook_set.close()
            host.close()
            raise
        old.host.close()
        return new

    async def stop(self, generation: Generation, reason: StopReason) -> list[str]:
        """Disable and stop; returns what would not go, as sentences. Never raises an integration's exception."""
        problems = await self._disable(generation.config)
        problems += await self._stop_hooks(generation, reason)
        generation.host.close()
        return problems

    async def _prepare(self, document: ConfigDocument, resolved: Resolved) -> tuple[IntegrationConfig[Any], OwnerHost]:
        deadline = self.instance.delivery_deadline
        settings = await self._settings(document, resolved)
        hook_set = HookSet(document.id, self.descriptor)
        defaults = self.instance.default_settings
        config = IntegrationConfig(document, settings, resolved.settings, defaults, hook_set)
        return config, OwnerHost(self.caller.services, self.caller.lane, document.id, deadline)

    async def _settings(self, document: ConfigDocument, resolved: Resolved) -> Any:
        """Build the typed settings, with the integration's defaults beneath what the file says."""
        values = {**self.instance.default_settings, **resolved.settings}
        if self.builder is None:
            return values
        from pydantic import ValidationError

        try:
            return await self.builder.build(values)
        except ValidationError as error:
            raise TerminalError(f"{document.id}: {_misfits(error)}") from None

    async def _enable(
        self,
        document: ConfigDocument,
        resolved: Resolved,
        config: IntegrationConfig[Any],
        host: OwnerHost,
        old: Generation | None = None,
    ) -> Generation:
        if type(self.instance).config_enabled is not Integration.config_enabled:
            await self._call("config_enabled", document.id, self.instance.config_enabled, config)
        try:
            return await self._start_hooks(document, resolved, config, host, old)
        except Abandoned:
            raise
        except Exception:
            await self._disable(config)
            raise

    async def _start_hooks(
        self,
        document: ConfigDocument,
        resolved: Resolved,
        config: IntegrationConfig[Any],
        host: OwnerHost,
        old: Generation | None,
    ) -> Generation:
        hooks = config.hook_set.close()
        overlap = _overlap(old, hooks)
        deadline, caller = self.instance.config_deadline, self.caller.of(document.id)
        async with self._room:
            if overlap:
                await stop_hooks(caller, overlap, StopReason.REPLACED, deadline)
            try:
                await start_hooks(caller, host, hooks, deadline)
            except BaseException:
                if overlap and old is not None:
                    await start_hooks(caller, old.host, overlap, deadline)
                raise
        return Generation(document, resolved.fingerprint, resolved.refs, config, host, hooks)

    async def _stop_hooks(self, generation: Generation, reason: StopReason) -> list[str]:
        caller = self.caller.of(generation.document.id)
        async with self._room:
            failed = await stop_hooks(caller, generation.hooks, reason, self.instance.shutdown_deadline)
        return [f"{hook.describe()} did not stop: {error}" for hook, error in failed]

    async def _disable(self, config: IntegrationConfig[Any]) -> list[str]:
        if type(self.instance).config_disabled is Integration.config_disabled:
            return []
        try:
            await self._call("config_disabled", config.id, self.instance.config_disabled, config)
        except Exception as error:  # noqa: BLE001 — its hooks must still stop
            fields = self.caller.services.about(config.id)
            log.warning("%s: config_disabled failed: %s", config.id, error, extra={"fields": fields})
            return [f"config_disabled failed: {error}"]
        return []

    async def _call(self, what: str, config_id: str, function: Any, *args: Any) -> Any:
        async with self._room:
            return await self.caller.of(config_id)(what, self.instance.config_deadline, function, *args)


def _overlap(old: Generation | None, hooks: Sequence[Hook]) -> list[Hook]:
    """Return the hooks of `old` that hold an exclusive key which one of `hooks` needs."""
    if old is None:
        return []
    needed = {hook.exclusive for hook in hooks if hook.exclusive is not None}
    return [hook for hook in old.hooks if hook.exclusive in needed]


def _misfits(error: Any) -> str:
    """Return pydantic's findings as one line, without the input that caused them: it may hold a secret."""
    found = error.errors(include_url=False, include_context=False)
    return "; ".join(f"settings.{'.'.join(map(str, one['loc']))}: {_misfit(one)}" for one in found)


def _misfit(found: Any) -> str:
    if found["type"] == "string_type" and isinstance(found["input"], Secret):
        return "the integration takes no secret reference here: write the value itself"
    return str(found["msg"])
