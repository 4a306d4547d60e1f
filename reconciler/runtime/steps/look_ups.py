"""Looks up secrets that are kept outside of memory: each reference in a thread of its own, with a deadline.

A file system that has gone away, or a source of a host's own, may never answer. Whoever asked is told so at the
deadline, and the thread is given up: no other is spent on that reference before it has ended, nor on a scheme of which
many hang. Used on the engine's loop, where a configuration is applied and where secrets are looked at again.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Final

from reconciler.config.resolved import Resolved
from reconciler.config.secret_sources import DEADLINE
from reconciler.config.secrets import SecretResolver
from reconciler.model.errors import SecretMissing
from reconciler.model.ports import Clock
from reconciler.model.secret import SecretRef
from reconciler.runtime.engine_thread import SpareThreads
from reconciler.runtime.lanes.calls import finished

AT_ONCE: Final = 8
"""How many references of one scheme are looked up at a time."""
MOST_LATE: Final = 8
"""Where so many references of one scheme hang, its others are not looked up."""


class SecretLookUps:
    """A reference that several ask for at once is looked up once."""

    def __init__(self, secrets: SecretResolver, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self.deadline = DEADLINE
        self.given_up = 0
        """How many look-ups have been given up so far."""
        self._threads = SpareThreads("reconcile-secret")
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._late: dict[str, set[str]] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def resolve(self, settings: Mapping[str, Any], schema: Mapping[str, Any] | None) -> Resolved:
        """Resolve every reference in `settings`, as SecretResolver does; SecretMissing for what is late, too."""
        refs = self._secrets.outside(settings)
        if not refs:
            return self._secrets.resolve(settings, schema)
        texts = await asyncio.gather(*(asyncio.shield(self._asked(ref)) for ref in refs))
        return self._secrets.resolve(settings, schema, {ref.uri: text for ref, text in zip(refs, texts, strict=True)})

    def _asked(self, ref: SecretRef) -> asyncio.Task[str]:
        task = self._under_way.get(ref.uri)
        if task is None:
            task = self._under_way[ref.uri] = asyncio.ensure_future(self._look_up(ref))
            task.add_done_callback(lambda _: self._under_way.pop(ref.uri))
        return task

    async def _look_up(self, ref: SecretRef) -> str:
        late = self._late.setdefault(ref.scheme, set())
        async with self._turns.setdefault(ref.scheme, asyncio.Semaphore(AT_ONCE)):
            if ref.uri in late:
                raise self._too_late(ref)
            if len(late) >= MOST_LATE:
                raise SecretMissing(f"{ref.uri} was not looked up: {ref.scheme}: has not answered in time before")
            answer = self._begun(ref)
            if await finished(self._clock, answer, self.deadline):
                return answer.result()
        self._give_up(ref, answer, late)
        raise self._too_late(ref)

    def _begun(self, ref: SecretRef) -> "Future[str]":
        answer: Future[str] = Future()

        def look_up() -> None:
            try:
                answer.set_result(self._secrets.fetch(ref))
            except Exception as error:  # noqa: BLE001 — whoever waits for it hears of it
                answer.set_exception(error)
            except BaseException as error:  # noqa: BLE001 — the source of a host ends nothing but its own thread
                answer.set_exception(SecretMissing(f"{ref.uri}: its source raised {type(error).__name__}"))

        self._threads.run(look_up)
        return answer

    def _give_up(self, ref: SecretRef, answer: "Future[str]", late: set[str]) -> None:
        loop = asyncio.get_running_loop()
        self.given_up += 1
        late.add(ref.uri)

        def ended(_: "Future[str]") -> None:
            with contextlib.suppress(RuntimeError):  # the engine has stopped meanwhile
                loop.call_soon_threadsafe(late.discard, ref.uri)

        answer.add_done_callback(ended)

    def _too_late(self, ref: SecretRef) -> SecretMissing:
        return SecretMissing(f"{ref.uri} was not resolved within {self.deadline:g} s")
