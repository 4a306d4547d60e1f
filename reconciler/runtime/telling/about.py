"""Which call of the engine's runs in this thread or task of a lane, told as log fields.

No context variable: a lane knows its tasks and its threads. A task that an integration starts for itself is not a call
of the engine's and is about nothing.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

_NOTHING: Mapping[str, Any] = {}


class About:
    """One for each lane; may be asked from any thread."""

    def __init__(self) -> None:
        self._tasks: WeakKeyDictionary[asyncio.Task[Any], Mapping[str, Any]] = WeakKeyDictionary()
        self._threads = threading.local()

    def task(self, task: "asyncio.Task[Any]", fields: Mapping[str, Any]) -> None:
        """Say what `task` is about; called on the lane's loop."""
        self._tasks[task] = fields

    @contextmanager
    def thread(self, fields: Mapping[str, Any]) -> Iterator[None]:
        """Say what this thread is about meanwhile."""
        self._threads.fields = fields
        try:
            yield
        finally:
            self._threads.fields = None

    def fields(self) -> Mapping[str, Any]:
        """Return what the caller's task or thread is about, or nothing."""
        found: Mapping[str, Any] | None = getattr(self._threads, "fields", None)
        if found is not None:
            return found
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs in this thread
            return _NOTHING
        return self._tasks.get(task, _NOTHING) if task is not None else _NOTHING
