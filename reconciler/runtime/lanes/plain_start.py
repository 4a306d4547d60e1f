"""Starting many configurations of one integration at once, where none of them needs a call about itself.

An integration that defines no `config_enabled` hears nothing of a configuration before its first event; what is left
to do is validating the settings, which is one call into the lane for all of them. What comes of it is the same as what
`ConfigCalls.start` gives one by one. Called by `together.py`, on the engine's loop.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.config.resolved import Resolved
from reconciler.model.config import ConfigDocument
from reconciler.model.secret import Secret
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.effects import Declarer
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.lanes.hook_host import OwnerHost
from reconciler.runtime.lanes.known_secrets import literal_secrets, with_literals
from reconciler.runtime.lanes.unfit import unfit
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import HookSet
from reconciler.sdk.integration import Integration

Asked = tuple[ConfigDocument, Resolved]
Declared = tuple[Mapping[str, Any], float, asyncio.AbstractEventLoop]
"""What an integration declares, asked once for all: its defaults and its deadline of deliveries. And the loop."""


def is_plain(calls: ConfigCalls) -> bool:
    """Whether starting a configuration calls nothing that the integration has written about it."""
    return type(calls.instance).config_enabled is Integration.config_enabled


async def start_plainly(calls: ConfigCalls, asked: Sequence[Asked]) -> list[Generation | Exception]:
    """Return for each of `asked` what runs now, or why it does not; never raises what an integration raises."""
    revealed = calls.caller.services.secrets.revealed
    # Before any code sees them.
    literals = [literal_secrets(document, revealed) if document.literals else () for document, _ in asked]
    try:
        shared, deadline = calls.instance.default_settings, calls.instance.delivery_deadline
        defaults = {**shared}
    except Exception as error:  # noqa: BLE001 — what an integration declares may be its code, or no mapping
        return [error] * len(asked)
    if defaults or calls.builder is None:  # what is built is made anew; what is not, the code may change
        values: list[Any] = [{**defaults, **resolved.settings} for _, resolved in asked]
    else:
        values = [resolved.settings for _, resolved in asked]
    built: Sequence[Any] = values if calls.builder is None else await calls.builder.build_many(values)
    declared = shared, deadline, asyncio.get_running_loop()
    return [_started(calls, declared, *one) for one in zip(asked, literals, built, strict=True)]


def _started(
    calls: ConfigCalls, declared: Declared, asked: Asked, literals: tuple[Secret, ...], settings: Any
) -> Generation | Exception:
    document, resolved = asked
    defaults, deadline, loop = declared
    if isinstance(settings, Exception):
        return unfit(document, settings, calls.caller.lane.masked)
    config_id, caller = document.id, calls.caller
    hook_set, values = HookSet(config_id, calls.descriptor), resolved.settings
    if literals:
        values = with_literals(document, values, calls.caller.services.secrets.revealed)
        settings = settings if calls.builder is not None else {**defaults, **values}
    config = IntegrationConfig(document, settings, values, defaults, hook_set)
    declarer = Declarer(config_id, document, resolved.places, literals)
    host = OwnerHost(caller.services, caller.lane, declarer, deadline, loop)
    return Generation(document, resolved, config, host, hook_set.close())
