"""What a worker is asked and the runner alone can do: passed on through `queue.db`, where workers write anyway.

A worker leaves an errand and waits for the answer; the runner hears of it as it hears of events, does it, and answers.
What an errand is stands in `errand_kinds.py`.
"""

import asyncio
import contextlib
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from reconciler.model.errors import NotRunning, OverrideRefused, ReconcileError, StateError, UnknownTarget
from reconciler.model.ports import Clock
from reconciler.runtime.state import errand_rows as rows

_POLL = 0.05
_AFTER_ERROR = 0.5
"""After how long what could not be read is read again, in seconds: no worker waits for longer than `rows.PATIENCE`."""
_ANSWERS: dict[str, type[ReconcileError]] = {one.__name__: one for one in (OverrideRefused, StateError, UnknownTarget)}
T = TypeVar("T")
Doer = Callable[..., Awaitable[Any]]
"""Does one kind of errand, its JSON values by name, and returns a JSON value."""
log = logging.getLogger(__name__)


class Store(Protocol):
    """`SqliteQueue`, as far as errands need it."""

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run a function of the connection in the next transaction."""


class Errands:
    """`pass_on` is a worker's, `run` the runner's; both on the engine's loop. `wake` may be called from there alone.

    `runner` returns the process id of the runner, or None where none is known to live.
    """

    def __init__(self, store: Store, clock: Clock, runner: Callable[[], int | None]) -> None:
        self._store = store
        self._clock = clock
        self._runner = runner
        self._left = asyncio.Event()
        self._untold: dict[bytes, tuple[str, float]] = {}
        self.doers: dict[str, Doer] = {}
        """How to do each kind of errand."""

    async def pass_on(self, kind: str, **values: Any) -> Any:
        """Have the runner do an errand; returns what it answers, and raises what it refuses with.

        Raises OverrideRefused where no runner takes it, StateError where it cannot be said what came of it. Nobody does
        it any more where the wait for that is cancelled before a runner has taken it.
        """
        errand, body = uuid4().hex, json.dumps({"kind": kind, **values})
        if not await self._do(lambda db: rows.leave(db, errand, body, self._clock.time())):
            raise OverrideRefused(f"{rows.MOST} requests wait for the runner, and no more may: try again later")
        self._left.set()  # this process may have become the runner meanwhile
        try:
            return await self._outcome(errand)
        except asyncio.CancelledError:
            with contextlib.suppress(NotRunning):
                self._store.submit(lambda db: rows.withdraw(db, errand))
            raise

    async def _outcome(self, errand: str) -> Any:
        for is_last in (False, True):
            answer = await self._answer_to(errand)
            if answer is not None:
                return _opened(answer)
            if not is_last and await self._do(lambda db: rows.withdraw(db, errand)):
                raise OverrideRefused(self._nobody())
        raise StateError("the runner has begun with it, and has not said what came of it: `reconcile history` tells")

    async def _answer_to(self, errand: str) -> str | None:
        end = self._clock.monotonic() + rows.PATIENCE
        while True:
            answer: str | None = await self._do(lambda db: rows.fetch(db, errand))
            if answer is not None or self._clock.monotonic() >= end:
                return answer
            await self._clock.sleep(_POLL)

    def _nobody(self) -> str:
        runner = self._runner()
        if runner is None:
            how = "start `reconcile --watch`, or a manager whose role is not `worker`"
            return f"this process is a worker, and no runner lives that could do it: {how}"
        return (
            f"this process is a worker, and the runner (process {runner}) did not take it up within {rows.PATIENCE:g} s"
        )

    def wake(self) -> None:
        """An errand may have been left."""
        self._left.set()

    async def run(self) -> None:
        """Do what is left, one errand after the other, until cancelled."""
        is_failing = False
        while True:
            self._left.clear()
            try:
                await self._tell()
                while taken := await self._do(lambda db: rows.take(db, self._clock.time())):
                    await self._serve(*taken)
            except NotRunning:
                return
            except Exception as error:  # noqa: BLE001 — a full disk must not end it for good
                if not is_failing:
                    log.warning("what workers have passed on cannot be read, or answered, at present: %s", error)
                is_failing = True
                await self._clock.sleep(_AFTER_ERROR)
            else:
                is_failing = False
                await self._left.wait()

    async def _serve(self, errand: bytes, body: bytes) -> None:
        text = await self._done(body)
        self._untold[errand] = text, self._clock.monotonic() + 2 * rows.PATIENCE
        await self._tell()

    async def _tell(self) -> None:
        """Write what came of errands, as long as somebody may wait for it: what fails is kept for the next time."""
        for errand, (text, end) in list(self._untold.items()):
            if self._clock.monotonic() < end:
                await self._do(partial(rows.answer, errand_id=errand, text=text))
            del self._untold[errand]

    async def _done(self, body: bytes) -> str:
        try:
            values = json.loads(body)
            return json.dumps({"done": await self.doers[values.pop("kind")](**values)})
        except (UnknownTarget, OverrideRefused, StateError) as error:
            return json.dumps({"refused": type(error).__name__, "message": str(error)})
        except Exception:
            log.exception("what a worker has passed on could not be done")
            return json.dumps({"refused": "StateError", "message": "the runner failed at it: its log says why"})

    async def _do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.submit(job))


def _opened(answer: str) -> Any:
    value = json.loads(answer)
    if "refused" in value:
        raise _ANSWERS.get(value["refused"], StateError)(value["message"])
    return value["done"]
