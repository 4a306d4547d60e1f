"""The kinds of errands, both ends of each: what a worker passes on, and how the runner does it.

Every kind is one that the desks and the engine do by themselves in a runner; here their values become JSON and back.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from reconciler.model.override import Override, OverrideKind, OverrideRequest, Selector
from reconciler.runtime.asking.errands import Errands
from reconciler.runtime.state.override_rows import as_row, of_row, selector_item


class Desk(Protocol):
    """`OverrideDesk` in a runner."""

    async def impose_here(self, asked: OverrideRequest, who: str) -> Override:
        """Set something aside."""

    async def lift_here(self, selector: Selector, who: str, reason: str) -> Sequence[Override]:
        """End what is set aside."""


async def impose(errands: Errands, asked: OverrideRequest, who: str) -> Override:
    """Have the runner set something aside."""
    selector = selector_item(asked.selector)
    row = await errands.pass_on(
        "impose", sort=asked.kind.value, selector=selector, seconds=asked.seconds, reason=asked.reason, drop=asked.drop,
        who=who,
    )  # fmt: skip
    return of_row(row)


async def lift(errands: Errands, selector: Selector, who: str, reason: str) -> Sequence[Override]:
    """Have the runner end what is set aside."""
    found = await errands.pass_on("lift", selector=selector_item(selector), who=who, reason=reason)
    return [of_row(row) for row in found]


async def approve(errands: Errands, digest: str, who: str) -> bool:
    """Have the runner release a held plan; returns whether it is the one that it holds."""
    return bool(await errands.pass_on("approve", digest=digest, who=who))


async def forget(errands: Errands, owner: str, key: str | None, who: str) -> int:
    """Have the runner drop effects from its inventory; returns how many."""
    return int(await errands.pass_on("forget", owner=owner, key=key, who=who))


def teach(
    errands: Errands,
    desk: Desk,
    approve_here: Callable[[str, str], Awaitable[bool]],
    forget_here: Callable[[str, str | None, str], Awaitable[int]],
) -> None:
    """Say how this process does each kind, once it is the runner."""

    async def impose_here(
        sort: str,
        selector: dict[str, Any],
        seconds: float | None,
        reason: str,
        drop: bool,  # noqa: FBT001
        who: str,
    ) -> Any:
        asked = OverrideRequest(OverrideKind(sort), _selector(selector), seconds, reason, drop)
        return as_row(await desk.impose_here(asked, who))

    async def lift_here(selector: dict[str, Any], who: str, reason: str) -> Any:
        return [as_row(one) for one in await desk.lift_here(_selector(selector), who, reason)]

    errands.doers |= {"impose": impose_here, "lift": lift_here, "approve": approve_here, "forget": forget_here}


def _selector(item: dict[str, Any]) -> Selector:
    return Selector.of(item["ids"], item["labels"], item["integration"])
