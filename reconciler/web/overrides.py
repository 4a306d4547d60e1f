"""`/api/v1/overrides`: what people have set aside; setting something aside, and ending it."""

import asyncio
from typing import Any

from starlette.requests import Request

from reconciler.model.errors import UnknownTarget
from reconciler.model.override import (
    MOST_IDS,
    MOST_LABELS,
    MOST_TEXT,
    OverrideKind,
    OverrideRequest,
    Selector,
    parse_span,
)
from reconciler.report.items import FORMAT_VERSION, override_item
from reconciler.runtime.api import EngineView
from reconciler.web.answers import Answer, ApiError, answer
from reconciler.web.body import read_object
from reconciler.web.listing import check_known, parse_label
from reconciler.web.options import WebOptions
from reconciler.web.who import who

_BODY = {"kind", "selector", "for", "reason", "drop"}
_SELECTOR = {"ids", "labels", "integration", "all"}
_LONGEST_NAME = 256


class OverridesApi:
    """The endpoints, over one engine."""

    def __init__(self, engine: EngineView, options: WebOptions) -> None:
        self._engine = engine
        self._limits = options.limits
        self._trusted = options.trusted

    def listed(self, request: Request) -> Answer:
        """Answer with what is in force, oldest first."""
        check_known(request.query_params, ())
        items = [override_item(override, configs) for override, configs in self._engine.overrides.listed()]
        return answer({"format_version": FORMAT_VERSION, "items": items, "next": None})

    async def impose(self, request: Request) -> Answer:
        """Suspend or pause; the answer is the override, which is in force."""
        asked = parse_override(await read_object(request, self._limits.body_seconds))
        override, configs = await self._change(self._impose, request, asked)
        return answer({"format_version": FORMAT_VERSION, **override_item(override, configs)}, 201)

    async def lift(self, request: Request) -> Answer:
        """Resume; the answer is what has ended."""
        selector, reason = parse_lift(request)
        ended = await self._change(self._lift, request, selector, reason)
        return answer({"format_version": FORMAT_VERSION, "items": [override_item(one) for one in ended], "next": None})

    def _impose(self, request: Request, asked: OverrideRequest) -> Any:
        return self._engine.overrides.impose(asked, self._who(request))

    def _lift(self, request: Request, selector: Selector, reason: str) -> Any:
        return self._engine.overrides.lift(selector, self._who(request), reason)

    def _who(self, request: Request) -> str:
        return who(request.scope.get("state", {}), request.headers, trusted=self._trusted)

    async def _change(self, change: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(change, *arguments)
        except UnknownTarget as error:
            raise ApiError(404, "not_found", str(error)) from error


def parse_override(value: dict[str, Any]) -> OverrideRequest:
    """Return what a body asks for; raises ApiError 422, naming the field."""
    _check_keys("the body", value, _BODY)
    kind, span, drop = value.get("kind"), value.get("for"), value.get("drop", False)
    if kind not in list(OverrideKind):
        raise _invalid(f"'kind' must be one of {', '.join(OverrideKind)}")
    if not isinstance(drop, bool) or (drop and kind != OverrideKind.PAUSE):
        raise _invalid("'drop' must be true or false, and only a pause may drop")
    if span is not None and not isinstance(span, str):
        raise _invalid("'for' must be a duration such as 2h, or null")
    try:
        seconds = parse_span(span) if span is not None else None
    except ValueError as error:
        raise _invalid(f"'for': {error}") from error
    return OverrideRequest(
        OverrideKind(kind), parse_selector(value.get("selector")), seconds, _reason(value.get("reason", "")), drop
    )


def parse_lift(request: Request) -> tuple[Selector, str]:
    """Return the selector and the reason of a query; raises ApiError 422, naming the parameter."""
    query = request.query_params
    check_known(query, ("id", "label", "integration", "all", "reason"))
    labels = [parse_label(text) for text in query.getlist("label")]
    if len({key for key, _ in labels}) < len(labels):
        raise _invalid("the parameter 'label' names one key twice: no configuration has both")
    everything = {"true": True, "false": False}.get(query.get("all", "false"))
    parts = {"ids": query.getlist("id"), "labels": dict(labels), "all": everything}
    return parse_selector({**parts, "integration": query.get("integration")}), _reason(query.get("reason", ""))


def parse_selector(value: Any) -> Selector:
    """Return the selector that a JSON object is; raises ApiError 422, naming the field."""
    if not isinstance(value, dict):
        raise _invalid("'selector' must be an object with ids, labels, integration or all")
    _check_keys("'selector'", value, _SELECTOR)
    ids, labels = value.get("ids", []), value.get("labels", {})
    integration, everything = value.get("integration"), value.get("all", False)
    if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(_is_id(one) for one in ids):
        raise _invalid(f"'ids' must be a list of at most {MOST_IDS} ids such as slack/ops")
    pairs = [*labels, *labels.values()] if isinstance(labels, dict) else [None]
    if len(pairs) > 2 * MOST_LABELS or not all(_is_name(one) for one in pairs):
        raise _invalid(f"'labels' must be an object of at most {MOST_LABELS} texts")
    if not (integration is None or _is_name(integration)) or not isinstance(everything, bool):
        raise _invalid("'integration' must be a text, and 'all' true or false")
    if not (ids or labels or integration or everything):
        raise _invalid("the selector names nothing: give ids, labels or an integration, or say that all are meant")
    return Selector.of(ids, labels, integration)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME


def _is_id(value: Any) -> bool:
    return _is_name(value) and all(value.partition("/"))


def _reason(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise _invalid(f"'reason' must be a text of at most {MOST_TEXT} characters")
    return value.strip()


def _check_keys(what: str, value: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(value.keys() - known)
    if unknown:
        raise _invalid(f"{what} has no {unknown[0][:40]!r}: expected {', '.join(sorted(known))}")


def _invalid(message: str) -> ApiError:
    return ApiError(422, "invalid_body", message)
