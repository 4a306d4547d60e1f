"""`/api/v1`, on what hooks have put elsewhere: panels on the pages, effects outside the process."""

import asyncio
from typing import Any

from starlette.requests import Request

from reconciler.report.items import FORMAT_VERSION, panel_item
from reconciler.runtime.api import EngineView
from reconciler.web.answers import Answer, ApiError, answer
from reconciler.web.body import read_object
from reconciler.web.listing import check_known
from reconciler.web.options import WebOptions
from reconciler.web.who import who


class OutsideApi:
    """The endpoints, over one engine."""

    def __init__(self, engine: EngineView, options: WebOptions) -> None:
        self._engine = engine
        self._limits = options.limits
        self._trusted = options.trusted

    async def panels(self, request: Request) -> Answer:
        """Answer with the panels of an integration and its configurations, rendered now."""
        check_known(request.query_params, ())
        wanted = request.path_params["id"]
        if wanted not in {status.id for status in await asyncio.to_thread(self._engine.integrations)}:
            raise ApiError(404, "not_found", f"no integration is registered as {wanted[:80]!r}")
        async with asyncio.timeout(self._limits.hook_seconds):
            panels = await asyncio.wrap_future(self._engine.outside.panels(wanted))
        return answer({"format_version": FORMAT_VERSION, "items": [panel_item(p) for p in panels], "next": None})

    async def forget(self, request: Request) -> Answer:
        """Drop the effects of a configuration or an integration, or one of them, from the inventory."""
        value = await read_object(request, self._limits.body_seconds)
        owner, key = value.get("id"), value.get("key")
        if not value.keys() <= {"id", "key"} or not _is_text(owner) or not (key is None or _is_text(key)):
            raise ApiError(422, "invalid_body", "expected a JSON object with a text 'id', and a text 'key' or none")
        assert isinstance(owner, str)
        dropped = await asyncio.to_thread(self._forget, request, owner, key)
        if not dropped:
            which = f"the effect {key[:80]!r} of" if key is not None else "any effect of"
            raise ApiError(404, "not_found", f"the inventory does not hold {which} {owner[:160]!r}")
        return answer({"format_version": FORMAT_VERSION, "id": owner, "key": key, "forgotten": dropped})

    def _forget(self, request: Request, owner: str, key: str | None) -> int:
        name = who(request.scope.get("state", {}), request.headers, trusted=self._trusted)
        return self._engine.outside.forget(owner, key, name)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
