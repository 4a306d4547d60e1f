"""`/api/v1`: what the engine knows, and the three things one may ask it to do.

Endpoints that are `def` run in a worker thread, for the engine's view may wait for a lock.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reconciler.report.items import FORMAT_VERSION, config_item, integration_item, pass_item, plan_item, status_item
from reconciler.runtime.api import EngineView
from reconciler.web.answers import ApiError, answer
from reconciler.web.body import parse_json, read_body
from reconciler.web.listing import check_known, page, parse_limit, parse_query
from reconciler.web.openapi import openapi
from reconciler.web.options import WebOptions

_HISTORY_LIMIT = 1000
_SMALL = 16 * 1024


class Api:
    """The endpoints, over one engine."""

    def __init__(self, engine: EngineView, options: WebOptions) -> None:
        self._engine = engine
        self._limits = options.limits
        self._who = "the Unix socket" if options.trusted else "a token"

    def status(self, request: Request) -> Response:
        """Answer with the whole at a glance."""
        check_known(request.query_params, ())
        return answer(status_item(self._engine.status()))

    def integrations(self, request: Request) -> Response:
        """Answer with every registered integration."""
        check_known(request.query_params, ())
        items = [integration_item(status) for status in self._engine.integrations()]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": None})

    def integration(self, request: Request) -> Response:
        """Answer with one integration."""
        wanted = request.path_params["id"]
        for status in self._engine.integrations():
            if status.id == wanted:
                return answer(integration_item(status))
        raise ApiError(404, "not_found", f"no integration is registered as {wanted[:80]!r}")

    def configs(self, request: Request) -> Response:
        """Answer with one page of configurations."""
        query = parse_query(request.query_params)
        found, following = page(self._engine.config_ids(), query, self._engine.config)
        items = [config_item(status) for status in found]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": following})

    def config(self, request: Request) -> Response:
        """Answer with one configuration."""
        wanted = f"{request.path_params['integration']}/{request.path_params['name']}"
        status = self._engine.config(wanted)
        if status is None:
            raise ApiError(404, "not_found", f"no configuration is known as {wanted[:160]!r}")
        return answer(config_item(status))

    def plan(self, request: Request) -> Response:
        """Answer with what still differs from the files."""
        check_known(request.query_params, ())
        return answer(plan_item(self._engine.plan()))

    async def history(self, request: Request) -> Response:
        """Answer with the last passes, newest first."""
        check_known(request.query_params, ("limit",))
        limit = parse_limit(request.query_params, 20, _HISTORY_LIMIT)
        async with asyncio.timeout(self._limits.publish_seconds):
            records = await asyncio.wrap_future(self._engine.history(limit))
        items = [pass_item(record) for record in records]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": None})

    async def retry(self, request: Request) -> Response:
        """Try a failed configuration or integration again now."""
        key = await self._one_text(request, "key")
        if not await asyncio.to_thread(self._engine.retry, key):
            raise ApiError(404, "not_found", f"no configuration and no integration is known as {key[:160]!r}")
        return answer({"format_version": FORMAT_VERSION, "key": key}, 202)

    async def approve(self, request: Request) -> Response:
        """Release exactly the held plan of this digest."""
        digest = await self._one_text(request, "digest")
        if not await asyncio.to_thread(self._engine.approve, digest, self._who):
            held = await asyncio.to_thread(lambda: self._engine.status().held_digest)
            now = "another one is: `reconcile plan` shows it" if held else "no removal is held now"
            raise ApiError(409, "not_held", f"the plan {digest[:80]!r} is not held, {now}")
        return answer({"format_version": FORMAT_VERSION, "digest": digest}, 202)

    async def look(self, request: Request) -> Response:
        """Look again now; a body is not needed."""
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            value = await self._object(request)
            if value:
                raise ApiError(422, "invalid_body", "expected an empty JSON object, or no body")
        await asyncio.to_thread(self._engine.look, "api")
        return answer({"format_version": FORMAT_VERSION}, 202)

    async def openapi(self, request: Request) -> Response:  # noqa: ARG002 — every endpoint takes one
        """Answer with the description of all this."""
        return answer(openapi(self._engine.status().version))

    async def _one_text(self, request: Request, name: str) -> str:
        """Return the one text that the body, a JSON object, holds under `name`."""
        value = await self._object(request)
        text = value.get(name)
        if value.keys() != {name} or not isinstance(text, str) or not text:
            raise ApiError(422, "invalid_body", f"expected a JSON object with one text, {name!r}")
        return text

    async def _object(self, request: Request) -> dict[str, Any]:
        body = await read_body(request, _SMALL, self._limits.body_seconds)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ApiError(415, "unsupported_media_type", "send application/json")
        value = parse_json(body)
        if not isinstance(value, dict):
            raise ApiError(422, "invalid_body", "expected a JSON object")
        return value
