"""Lists in pages: the query of `GET /api/v1/configs`, and the page it asks for. No I/O of its own."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.datastructures import QueryParams

from reconciler.model.state import ConfigState, ConfigStatus
from reconciler.web.answers import ApiError

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
E = TypeVar("E")


class Query(Struct, frozen=True):
    """What is asked of the list of configurations; None and empty mean any."""

    limit: int = DEFAULT_LIMIT
    after: str = ""
    state: ConfigState | None = None
    integration: str | None = None
    stale: bool | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def admits(self, status: ConfigStatus) -> bool:
        """Whether the filters let `status` through."""
        return (
            (self.state is None or status.state is self.state)
            and (self.integration is None or status.integration == self.integration)
            and (self.stale is None or status.stale is self.stale)
            and all(status.labels.get(key) == value for key, value in self.labels)
        )

    def path_after(self, last: str) -> str:
        """Return the path of the page that follows `last`."""
        given = [("limit", str(self.limit)), ("after", last)]
        if self.state is not None:
            given.append(("state", self.state.value))
        if self.integration is not None:
            given.append(("integration", self.integration))
        if self.stale is not None:
            given.append(("stale", "true" if self.stale else "false"))
        given += [("label", f"{key}={value}") for key, value in self.labels]
        return f"/api/v1/configs?{urlencode(given)}"


def parse_query(parameters: QueryParams) -> Query:
    """Return the query; raises ApiError 422, naming the parameter, for one that is unknown or cannot be."""
    check_known(parameters, ("limit", "after", "state", "integration", "stale", "label"))
    state, stale = parameters.get("state"), parameters.get("stale")
    return Query(
        limit=parse_limit(parameters, DEFAULT_LIMIT, MAX_LIMIT),
        after=parameters.get("after", ""),
        state=None if state is None else _state(state),
        integration=parameters.get("integration"),
        stale=None if stale is None else _one_of("stale", stale, {"true": True, "false": False}),
        labels=tuple(parse_label(text) for text in parameters.getlist("label")),
    )


def check_known(parameters: QueryParams, known: Sequence[str]) -> None:
    """Raise ApiError 422 for a parameter that is not in `known`: a misspelt filter must not mean everything."""
    for name in parameters:
        if name not in known:
            raise _invalid(f"the parameter {name[:40]!r} is not known: expected {', '.join(known) or 'none'}")


def parse_limit(parameters: QueryParams, default: int, most: int) -> int:
    """Return `limit`; raises ApiError 422 when it is not a number from 1 to `most`."""
    text = parameters.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise _invalid(f"the parameter 'limit' must be a number from 1 to {most}, found {text[:40]!r}")
    return int(text)


def page(
    ids: Sequence[str], query: Query, look_up: Callable[[str], ConfigStatus | None]
) -> tuple[list[ConfigStatus], str | None]:
    """Return one page out of the sorted `ids`, and the path of the next one or None."""
    start, end = _range(ids, query)
    found: list[ConfigStatus] = []
    for index in range(start, end):
        status = look_up(ids[index])
        if status is None or not query.admits(status):
            continue
        if len(found) == query.limit:
            return found, query.path_after(found[-1].id)
        found.append(status)
    return found, None


def _range(ids: Sequence[str], query: Query) -> tuple[int, int]:
    start = bisect_right(ids, query.after) if query.after else 0
    if query.integration is None:
        return start, len(ids)
    prefix = f"{query.integration}/"  # the character after "/" is "0"
    return max(start, bisect_left(ids, prefix)), bisect_left(ids, f"{query.integration}0")


def _state(text: str) -> ConfigState:
    return _one_of("state", text, {state.value: state for state in ConfigState})


def _one_of(name: str, text: str, values: dict[str, E]) -> E:
    if text not in values:
        raise _invalid(f"the parameter {name!r} must be one of {', '.join(values)}, found {text[:40]!r}")
    return values[text]


def parse_label(text: str) -> tuple[str, str]:
    """Return key and value; raises ApiError 422 for anything but `key=value`."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise _invalid(f"the parameter 'label' must be of the form key=value, found {text[:40]!r}")
    return key, value


def _invalid(message: str) -> ApiError:
    return ApiError(422, "invalid_parameter", message)
