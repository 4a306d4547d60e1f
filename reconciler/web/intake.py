"""`POST /events`: events go onto the queue, and 202 means that they are on disk."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from reconciler.model.errors import ReconcileError
from reconciler.model.event import Event
from reconciler.model.ports import Receipt
from reconciler.report.items import FORMAT_VERSION
from reconciler.runtime.api import EngineView
from reconciler.web.answers import Answer, answer, busy
from reconciler.web.body import read_body
from reconciler.web.cloudevents import decode_events
from reconciler.web.options import Limits

log = logging.getLogger(__name__)


class Intake:
    """Takes events, so many requests at a time that memory stays bounded."""

    def __init__(self, engine: EngineView, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits
        self._under_way = 0

    async def events(self, request: Request) -> Answer:
        """Answer 202 with a receipt for each event, in order, once all of them are on disk."""
        if self._under_way >= self._limits.intake:
            raise busy("busy", f"{self._limits.intake} requests are under way", 429, 1)
        self._under_way += 1
        try:
            receipts = await self._publish(await self._read(request))
        finally:
            self._under_way -= 1
        return answer({"format_version": FORMAT_VERSION, "receipts": [_receipt_item(r) for r in receipts]}, 202)

    async def _read(self, request: Request) -> list[Event]:
        body = await read_body(request, self._limits.body, self._limits.body_seconds)
        return decode_events(request.headers.get("content-type"), request.headers.items(), body, self._limits.batch)

    async def _publish(self, events: Sequence[Event]) -> list[Receipt]:
        """Wait until the events are on disk; shielded, for what the sender gave up on may be written already."""
        if not events:
            return []
        try:
            future = asyncio.wrap_future(self._engine.publish(events))
            async with asyncio.timeout(self._limits.publish_seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            future.add_done_callback(lambda late: late.cancelled() or late.exception())
            log.warning("%d events were not on disk within %g s", len(events), self._limits.publish_seconds)
        except ReconcileError as error:
            log.warning("%d events could not be stored: %s", len(events), error)
        except Exception:
            log.exception("%d events could not be stored", len(events))
        raise busy("not_stored", "the events could not be stored: send them again later")


def _receipt_item(receipt: Receipt) -> dict[str, Any]:
    return {"sequence": receipt.sequence, "duplicate": receipt.duplicate}
