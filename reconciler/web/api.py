"""`/api/v1`: what the engine knows, and what one may ask it to do; `overrides.py` has the rest.

Endpoints that are `def` run in a worker thread, for the engine's view may wait for a lock.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from reconciler.model.delivery import Backlog
from reconciler.model.errors import UnknownTarget
from reconciler.model.override import Selector
from reconciler.report.count import count
from reconciler.report.items import FORMAT_VERSION, config_item, history_items, integration_item, plan_item, status_item
from reconciler.runtime.api import EngineView
from reconciler.runtime.asking.override_refusals import no_config, no_integration
from reconciler.web.answers import Answer, ApiError, answer
from reconciler.web.body import read_object
from reconciler.web.listing import check_known, page, parse_limit, parse_query
from reconciler.web.openapi import openapi
from reconciler.web.options import WebOptions
from reconciler.web.overrides import parse_selector
from reconciler.web.who import who

_HISTORY_LIMIT = 1000
_PATIENCE = 2.0
"""How long one waits for the queue, in seconds."""
log = logging.getLogger(__name__)


class Api:
    """The endpoints, over one engine."""

    def __init__(self, engine: EngineView, options: WebOptions) -> None:
        self._engine = engine
        self._limits = options.limits
        self._trusted = options.trusted

    def status(self, request: Request) -> Answer:
        """Answer with the whole at a glance."""
        check_known(request.query_params, ())
        return answer(status_item(self._engine.status()))

    def integrations(self, request: Request) -> Answer:
        """Answer with every registered integration."""
        check_known(request.query_params, ())
        items = [integration_item(status) for status in self._engine.integrations()]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": None})

    def integration(self, request: Request) -> Answer:
        """Answer with one integration."""
        wanted = request.path_params["id"]
        for status in self._engine.integrations():
            if status.id == wanted:
                return answer(integration_item(status))
        raise ApiError(404, "not_found", self._no_integration(wanted[:80]))

    def _no_integration(self, wanted: str) -> str:
        return no_integration(wanted, [status.id for status in self._engine.integrations()])

    def _nothing_is(self, key: str) -> str:
        return no_config(key, self._engine.config_ids()) if "/" in key else self._no_integration(key)

    def configs(self, request: Request) -> Answer:
        """Answer with one page of configurations."""
        query = parse_query(request.query_params)
        found, following = page(self._engine.config_ids(), query, self._engine.config)
        waiting = self._backlog()
        items = [config_item(status, waiting(status.id)) for status in found]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": following})

    def config(self, request: Request) -> Answer:
        """Answer with one configuration."""
        wanted = f"{request.path_params['integration']}/{request.path_params['name']}"
        status = self._engine.config(wanted)
        if status is None:
            raise ApiError(404, "not_found", no_config(wanted[:160], self._engine.config_ids()))
        return answer(config_item(status, self._backlog()(wanted)))

    def _backlog(self) -> Callable[[str], Backlog | None]:
        """Return what tells how much waits for a configuration: None where the queue does not answer."""
        try:
            found = self._engine.backlog().result(_PATIENCE)
        except Exception as error:  # noqa: BLE001 — a queue that does not answer must not blind people to the rest
            log.warning("what waits for configurations is left out of an answer: %s", error or type(error).__name__)
            return lambda _: None
        return lambda config_id: found.get(config_id, Backlog())

    def plan(self, request: Request) -> Answer:
        """Answer with what still differs from the files."""
        check_known(request.query_params, ())
        return answer(plan_item(self._engine.plan()))

    async def history(self, request: Request) -> Answer:
        """Answer with the last passes and what people did between them, newest first."""
        check_known(request.query_params, ("limit",))
        limit = parse_limit(request.query_params, 20, _HISTORY_LIMIT)
        async with asyncio.timeout(self._limits.publish_seconds):
            passes = await asyncio.wrap_future(self._engine.history(limit))
            done = await asyncio.wrap_future(self._engine.overrides.history(limit))
        items = history_items(passes, done)[:limit]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": None})

    async def retry(self, request: Request) -> Answer:
        """Try a failed configuration or integration again now, or all that a selector means."""
        value = await read_object(request, self._limits.body_seconds)
        if value.keys() == {"selector"}:
            return await self._retry_all(request, parse_selector(value["selector"]))
        key = _one_text(value, "key")
        if not await asyncio.to_thread(lambda: self._engine.retry(key, self._who(request))):
            raise ApiError(404, "not_found", await asyncio.to_thread(self._nothing_is, key[:160]))
        return answer({"format_version": FORMAT_VERSION, "key": key}, 202)

    async def _retry_all(self, request: Request, selector: Selector) -> Answer:
        try:
            configs = await asyncio.to_thread(lambda: self._engine.retry_all(selector, self._who(request)))
        except UnknownTarget as error:
            raise ApiError(404, "not_found", str(error)) from error
        return answer({"format_version": FORMAT_VERSION, "selected": str(selector), "configs": configs}, 202)

    async def approve(self, request: Request) -> Answer:
        """Release exactly the held plan of this digest."""
        digest = _one_text(await read_object(request, self._limits.body_seconds), "digest")
        if not await asyncio.to_thread(lambda: self._engine.approve(digest, self._who(request))):
            raise await asyncio.to_thread(self._not_held, digest)
        return answer({"format_version": FORMAT_VERSION, "digest": digest}, 202)

    async def look(self, request: Request) -> Answer:
        """Look again now; a body is not needed."""
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            value = await read_object(request, self._limits.body_seconds)
            if value:
                raise ApiError(422, "invalid_body", "expected an empty JSON object, or no body")
        await asyncio.to_thread(self._engine.look, "api")
        return answer({"format_version": FORMAT_VERSION}, 202)

    async def openapi(self, request: Request) -> Answer:  # noqa: ARG002 — every endpoint takes one
        """Answer with the description of all this."""
        return answer(openapi(self._engine.status().version))

    def _who(self, request: Request) -> str:
        return who(request.scope.get("state", {}), request.headers, trusted=self._trusted)

    def _not_held(self, digest: str) -> ApiError:
        """Say what is held instead: people approve what they have seen, so they have to see it again."""
        status, shown = self._engine.status(), f"the plan {digest[:80]!r}"
        if status.held_digest is None:
            why = f"{shown} is not held: nothing is, there is nothing to approve"
        elif status.held_digest == digest:
            why = f"{shown} cannot be approved while the directory cannot be read: it has to come back first"
        else:
            is_held = f"{status.held_digest} is, with {count(status.held, 'removal')}"
            why = f"{shown} is not held: {is_held}; look at it with `reconcile plan`"
        return ApiError(409, "not_held", why)


def _one_text(value: dict[str, Any], name: str) -> str:
    """Return the one text that a body holds under `name`."""
    text = value.get(name)
    if value.keys() != {name} or not isinstance(text, str) or not text:
        raise ApiError(422, "invalid_body", f"expected a JSON object with one text, {name!r}")
    return text
