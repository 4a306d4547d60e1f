"""The harness itself: write a file, settle, deliver an event, look at what runs. No test needs to sleep."""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.compose.manager import IntegrationManager
from reconciler.config.yaml.writer import write_yaml
from reconciler.model.errors import NotRunning
from reconciler.model.event import Event
from reconciler.model.plan import Outcome
from reconciler.model.state import ConfigState, ConfigStatus, Tristate
from reconciler.runtime.listener import Listener
from reconciler.sdk.integration import Integration
from reconciler.testing.clock import VirtualClock
from reconciler.testing.http_server import RecordingServer

_POLL = 0.001
_TICK = 0.05
_PATIENCE = 20.0
"""How long something is waited for, in real seconds."""
_FURTHEST = 10.0
"""How far virtual time jumps for its sake, in seconds: to no sweep."""
_HANGS_AFTER = 75
"""Where nothing begins for so many breaths, a tenth of a second, what is under way holds virtual time up no more.

Breaths and not seconds: on a busy machine the engine's threads wait for the processor, and so does whoever breathes.
"""
_NEVER_HANGS = 20 * _HANGS_AFTER
"""The same where nobody's code is called: then it is the disk that is slow, or the machine."""
_A_LOOK = "a look"
_MAY_HANG = (_A_LOOK, "a call of", "a loop")
"""How the words for what may hang begin: somebody's code, and what may wait for virtual time itself."""
_TURNS_WITHIN = 0.1
"""How long a loop that was woken is waited for, in real seconds, each time that it stands still."""


class Harness:
    """A manager over a temporary directory, on virtual time. Use it as a context manager.

    Time passes when the test says so (`advance`), but for what the engine needs to settle. `http` is a recording HTTP
    server; `outcomes` is what the engine has done so far, oldest first.
    """

    def __init__(
        self, *classes: type[Integration], integrations: tuple[str, ...] | None = None, **options: Any
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reconcile-test-")
        self.directory = Path(self._folder.name) / "configs"
        self.secrets = Path(self._folder.name) / "secrets"
        self.directory.mkdir()
        self.secrets.mkdir()
        self.clock = VirtualClock()
        self.http = RecordingServer()
        self.outcomes: list[Outcome] = []
        self.manager = IntegrationManager(
            self.directory,
            state_dir=Path(self._folder.name) / "state",
            integrations=integrations,
            watch=False,
            clock=self.clock,
            listener=Listener(on_outcomes=self.outcomes.extend),
            secrets_dir=self.secrets,
            **options,
        )
        for integration_class in classes:
            self.manager.register_integration_class(integration_class)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.http.close()
        self._folder.cleanup()

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the manager; also after `stop`, which is how a restart is tested."""
        self.manager.start(wait=False)
        self._until(lambda: self.manager.engine.opened, "the first pass")

    def stop(self, grace: float = 5.0) -> bool:
        """Stop the manager; returns whether all of it ended. Virtual time passes for what hangs alone."""
        try:
            engine = self.manager.engine
        except NotRunning:
            return self.manager.stop(grace)
        done = threading.Event()
        result: list[bool] = []

        def stop() -> None:
            result.append(self.manager.stop(grace))
            done.set()

        threading.Thread(target=stop, daemon=True).start()
        while self._hangs(done.is_set, lambda: bool(engine.called)):
            now, due = (
                self.clock.monotonic(),
                self.clock.next_due,
            )  # not all of the grace at once: it may not hang at all
            self.clock.advance_to(min(max(due or 0.0, now + grace / 20), now + grace / 4))
        return result[0]

    # --- the files ----------------------------------------------------------------------------------------------

    def write(self, name: str, content: str | Mapping[str, Any], *, settle: bool = True) -> Path:
        """Write a file of configurations (YAML text, or one document as a mapping) by renaming it into place."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(content if isinstance(content, str) else write_yaml(dict(content)), encoding="utf-8")
        fresh.replace(path)
        if settle:
            self.settle()
        return path

    def delete(self, name: str, *, settle: bool = True) -> None:
        """Delete a file."""
        (self.directory / name).unlink()
        if settle:
            self.settle()

    # --- time and events ----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let the engine look at the directory and finish what follows, retries that are due later aside."""
        before = self.manager.engine.looks
        self.manager.look()
        self._until(lambda: self.manager.engine.looks > before and self.manager.engine.idle, "the engine to settle")

    def advance(self, seconds: float) -> None:
        """Let virtual time pass in small steps, so that what is due in between happens in its order."""
        end, least = self.clock.monotonic() + seconds, max(_TICK, seconds / 200)
        while (now := self.clock.monotonic()) < end:
            due = self.clock.next_due
            self.clock.advance_to(end if due is None else min(end, max(due, now + least)))
            self._catch_up()
        self._until(lambda: self.manager.engine.idle, "the engine to settle")

    def deliver(self, event: Event) -> None:
        """Publish an event and wait until nothing that was routed from it is due any more."""
        self.manager.publish(event).result(_PATIENCE)
        self._until(lambda: self.manager.engine.delivered, "the deliveries")

    # --- what runs ----------------------------------------------------------------------------------------------

    def config(self, config_id: str) -> ConfigStatus:
        """Return the status of a configuration; raises KeyError when nothing is known under this id."""
        status = self.manager.status(config_id)
        if status is None:
            raise KeyError(config_id)
        return status

    def state(self, config_id: str) -> ConfigState | None:
        """Return the state of a configuration, or None when nothing is known under this id."""
        status = self.manager.status(config_id)
        return status.state if status is not None else None

    def trouble(self, config_id: str) -> str:
        """Return why a configuration does not run, or why its last delivery failed; empty when all is well."""
        status = self.manager.status(config_id)
        if status is None:
            return f"{config_id}: nothing is known under this id"
        errors = [f"{d.span.file}:{d.span.line}: {d.message}" for d in status.diagnostics if d.is_error]
        failed = [f"{c.type.value}: {c.message or c.reason}" for c in status.conditions if c.status is Tristate.FALSE]
        stopped = [status.message or status.state.value] if status.state is not ConfigState.ACTIVE else []
        return "; ".join(errors or failed or stopped)

    def wait_until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Wait for a condition; raises TimeoutError after twenty real seconds."""
        self._until(condition, what)

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait. Virtual time jumps to what is due next where only that changes anything; it creeps where all hangs."""
        deadline, furthest = time.monotonic() + _PATIENCE, self.clock.monotonic() + _FURTHEST
        still, begun = 0, self.clock.begun
        while True:
            under_way, due = self._under_way(), self.clock.next_due
            if condition():  # asked last: what was under way a moment ago may have brought it about
                return
            if time.monotonic() > deadline:
                goes_on = f"; under way: {', '.join(under_way)}" if under_way else ""
                raise TimeoutError(f"{what} did not come about within {_PATIENCE:g} s{goes_on}")
            still, begun = still + 1 if self.clock.begun == begun else 0, self.clock.begun
            waits = not under_way or (still > _HANGS_AFTER and all(one.startswith(_A_LOOK) for one in under_way))
            if waits and due is not None and due <= furthest:
                self.clock.advance_to(due)
                still = 0
                continue
            self._breathe()
            if waits or still > _HANGS_AFTER:
                self.clock.advance(_POLL)

    def _catch_up(self) -> None:
        """Let the engine finish what the last step made due, unless that is something that hangs."""
        under_way: list[str] = []

        def is_over() -> bool:
            under_way[:] = self._under_way()
            return not under_way

        self._hangs(is_over, lambda: any(words.startswith(_MAY_HANG) for words in under_way))

    def _hangs(self, is_over: Callable[[], bool], may_hang: Callable[[], bool]) -> bool:
        """Wait until something is over, while virtual time stands still; returns whether it hangs instead."""
        deadline, begun, breaths = time.monotonic() + _PATIENCE, self.clock.begun, 0
        while not is_over():
            if breaths >= (_HANGS_AFTER if may_hang() else _NEVER_HANGS) or time.monotonic() > deadline:
                return True
            self._breathe()
            breaths = breaths + 1 if self.clock.begun == begun else 0
            begun = self.clock.begun
        return False

    def _under_way(self) -> Sequence[str]:
        """Return what goes on although virtual time stands still, in words."""
        if not self.clock.let_wake(_TURNS_WITHIN):
            return ("a loop that does not turn",)
        try:
            return self.manager.engine.under_way
        except NotRunning:
            return ("what the test itself does",)

    @staticmethod
    def _breathe() -> None:
        """Give the engine's threads the processor."""
        threading.Event().wait(_POLL)
