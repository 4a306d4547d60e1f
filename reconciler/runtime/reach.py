"""How other threads reach a running engine: onto its loop, and only in the process that started it.

The foot of `Engine`, beneath what it answers (`answers.py`) and its life (`engine.py`).
"""

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from reconciler.model.errors import NOT_IN_THIS_PROCESS, NotRunning
from reconciler.runtime.engine_thread import EngineThread

log = logging.getLogger(__name__)


class Reach:
    """One engine's thread, as seen from all the others."""

    _thread: EngineThread

    def __init__(self) -> None:
        self._pid: int | None = None
        self._stopping = self._stopped = False

    def check_process(self) -> None:
        """Raise NotRunning in any process but the one that has started this engine."""
        if self._pid != os.getpid():
            raise NotRunning(NOT_IN_THIS_PROCESS)

    def _soon(self, job: Callable[[], object]) -> None:
        self.check_process()
        try:
            self._thread.loop.call_soon_threadsafe(job)
        except RuntimeError:
            log.debug("the engine has stopped")

    def _submit(self, coroutine: Any) -> "Future[Any]":
        try:
            self._check_running()
        except NotRunning:
            coroutine.close()
            raise
        return self._thread.submit(coroutine)

    def _check_running(self) -> None:
        self.check_process()
        if self._stopping:
            raise NotRunning("the engine is stopping")
