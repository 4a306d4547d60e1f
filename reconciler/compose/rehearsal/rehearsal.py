"""Makes deliveries with nothing sent: the integration's own code, up to the point where it would leave the process.

The integration is loaded, initialized and called in a lane under its deadlines, by the code of the daemon
(`runtime/lanes`); its hooks are declared and never started. What is different: `self.http` writes down, secrets are
stand-ins, the clock stands still, what is printed is kept, and every other way out of the process is refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, Self, TypeVar

from msgspec.structs import replace

from reconciler.compose.rehearsal.course import Script, rehearse_course
from reconciler.compose.rehearsal.no_network import NoNetwork
from reconciler.compose.rehearsal.output import Output
from reconciler.compose.rehearsal.recorder import NothingSent, Recorder
from reconciler.compose.rehearsal.stage import Asleep, NoEffects, StillClock
from reconciler.compose.rehearsal.stand_ins import StandIns, stand_in
from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.model.config import ConfigDocument
from reconciler.model.event import Event
from reconciler.model.message import Message
from reconciler.model.ports import Receipt, StopReason
from reconciler.model.rehearsal import Rehearsed
from reconciler.runtime.delivery.deliveries import takes
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.effects import Effects
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.lanes.hook_host import Receiver
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.services import Services
from reconciler.runtime.telling.metrics import Metrics
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.event import EventHook

T = TypeVar("T")
_MOST_ERROR: Final = 500
_TEXTS: Final = ("title", "text", "url", "author", "image", "thread_key")


class Rehearsal:
    """Several deliveries in one state of the integrations: as a context manager, since it has threads to end.

    `catalogue` loads the code. `now` is what the integrations' clock says, in seconds since the epoch.
    `may_hold_literals`: secrets may stand in the files as they are, and are masked in what is shown.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        secrets: SecretResolver,
        now: float,
        metrics: Metrics | None = None,
        *,
        may_hold_literals: bool = False,
    ) -> None:
        self._may_hold_literals = may_hold_literals
        self._recorders: dict[str, Recorder] = {}
        self._published: list[dict[str, Any]] = []
        self._clock = clock = StillClock(now)
        self._services = Services(
            clock, catalogue, secrets, self._publish, self._http, metrics or Metrics(), Effects(NoEffects(), clock),
            dormant=Asleep(),
        )  # fmt: skip
        self._runtimes: dict[str, IntegrationRuntime | str] = {}
        self._generations: dict[str, tuple[Generation, StandIns] | str] = {}
        self._runner = asyncio.Runner()
        self._output = Output()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._run(self._close)
        self._runner.close()

    def deliver(self, document: ConfigDocument, event: Event, script: Script | None = None) -> Rehearsed:
        """Have `event` delivered to a valid configuration; never raises for what the integration does.

        With a script there may be several attempts, and the clock stands at its old place again when they have ended.
        """
        return self._run(lambda: self._deliver(document, event, script))

    def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await work()

        with NoNetwork(), self._output:
            return self._runner.run(run())

    async def _deliver(self, document: ConfigDocument, event: Event, script: Script | None) -> Rehearsed:
        runtime = await self._runtime(document.integration)
        if isinstance(runtime, str):
            return Rehearsed(error=runtime)
        prepared = await self._prepared(runtime, document)
        if isinstance(prepared, str):
            return Rehearsed(error=prepared)
        generation, stand_ins = prepared
        receivers = _receivers(runtime, generation, event)
        if not receivers:
            return Rehearsed(error=f"the integration {runtime.id} has no EventHook that takes {event.type!r}")
        hand_over = partial(self._hand_over, runtime, generation.config, stand_ins, receivers, event)
        if script is None:
            return (await hand_over())[0]
        delivery, policy = script.delivery(document, event, self._clock.now)
        return await rehearse_course(delivery, policy, script, self._clock, self._http(runtime.id), hand_over)

    async def _hand_over(
        self, runtime: IntegrationRuntime, config: IntegrationConfig[Any], stand_ins: StandIns,
        receivers: Sequence[Receiver], event: Event,
    ) -> tuple[Rehearsed, Exception | None]:  # fmt: skip
        """Make one attempt; return what it gave, and what was raised."""
        instance, calls = runtime.instance, runtime.calls
        if instance is None or calls is None:
            return Rehearsed(error=f"the integration {runtime.id} is lost: {runtime.message}"), None
        recorder = self._http(runtime.id)
        rendered = _Rendering(instance.render)
        vars(instance)["render"] = rendered
        recorder.sent.clear()
        self._published.clear()
        self._output.take()
        problem: Exception | None = None
        try:
            for receiver in receivers:
                await calls.caller.of(config.id)(
                    f"delivering {event.type}", instance.delivery_deadline, receiver.receive, event, config
                )
        except Exception as error:  # noqa: BLE001 — whatever the code raises is told
            problem = error
            if isinstance(error, Abandoned):  # what comes after it would hang as well
                runtime.disown()
                self._runtimes[runtime.id] = f"the integration {runtime.id} is lost: {_told(error)}"
        finally:
            vars(instance).pop("render", None)
        sent = [*recorder.sent, *self._output.take()]
        message = _shown(rendered.last, stand_ins)
        told = "" if problem is None or isinstance(problem, NothingSent) else _told(problem)
        told = told.removeprefix(f"{config.id}: ")  # whoever shows it names the configuration
        rehearsed = Rehearsed(
            message,
            tuple(stand_ins.shown(sent)),
            tuple(stand_ins.shown(self._published)),
            error="" if sent else stand_ins.shown(told or ("nothing was sent" if message is not None else "")),
            note=stand_ins.shown(told) if sent else "",
        )
        return rehearsed, problem

    # --- what is needed first -----------------------------------------------------------------------------------

    async def _runtime(self, integration_id: str) -> IntegrationRuntime | str:
        """Return the initialized integration, or why there is none."""
        if integration_id not in self._runtimes:
            runtime = IntegrationRuntime(integration_id, self._services, list)
            try:
                await runtime.initialize()
                self._runtimes[integration_id] = runtime
            except Exception as error:  # noqa: BLE001 — its code's
                runtime.drop_lane()
                self._runtimes[integration_id] = f"the integration {integration_id} does not start: {_told(error)}"
        return self._runtimes[integration_id]

    async def _prepared(
        self, runtime: IntegrationRuntime, document: ConfigDocument
    ) -> tuple[Generation, StandIns] | str:
        """Return the configuration as its code sees it, or why it cannot be had."""
        known = self._generations.get(document.id)
        if known is None:
            known = self._generations[document.id] = await self._prepare(runtime.calls, document)
        return known

    async def _prepare(self, calls: ConfigCalls | None, document: ConfigDocument) -> tuple[Generation, StandIns] | str:
        if calls is None:
            return f"the integration {document.integration} is lost"
        schema = self._services.catalogue.descriptor(document.integration).schema
        stand_ins = stand_in(document.settings, schema, may_hold_literals=self._may_hold_literals)
        try:
            return await calls.declare(document, stand_ins.resolved), stand_ins
        except Exception as error:  # noqa: BLE001 — its code's
            return f"it does not start: {stand_ins.shown(_told(error))}"

    async def _close(self) -> None:
        for generation in self._generations.values():
            runtime = self._runtimes.get(generation[0].document.integration) if isinstance(generation, tuple) else None
            if isinstance(generation, tuple) and isinstance(runtime, IntegrationRuntime) and runtime.calls is not None:
                await runtime.calls.undeclare(generation[0])
        for runtime in self._runtimes.values():
            if isinstance(runtime, IntegrationRuntime):
                await runtime.shutdown(StopReason.PROCESS)
                runtime.drop_lane()

    def _http(self, integration_id: str) -> Recorder:
        return self._recorders.setdefault(integration_id, Recorder())

    def _publish(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        self._published += [event.as_json() for event in events]
        done: Future[list[Receipt]] = Future()
        done.set_result([Receipt(number) for number, _ in enumerate(events, 1)])
        return done


class _Rendering:
    """Stands before an integration's `render` and remembers the message."""

    def __init__(self, render: Callable[..., Message]) -> None:
        self._render = render
        self.last: Message | None = None

    def __call__(self, event: Event, config: IntegrationConfig[Any]) -> Message:
        self.last = self._render(event, config)
        return self.last


def _shown(message: Message | None, stand_ins: StandIns) -> Message | None:
    """Return a message without the texts that stand for secrets, should an integration put one into it."""
    if message is None:
        return None
    shown = {name: stand_ins.shown(getattr(message, name)) for name in _TEXTS}
    listed = tuple(
        replace(one, title=stand_ins.shown(one.title), value=stand_ins.shown(one.value)) for one in message.fields
    )
    return replace(message, **shown, fields=listed)


def _receivers(runtime: IntegrationRuntime, generation: Generation, event: Event) -> list[Receiver]:
    """Return what the declared EventHooks would have registered, the integration's own first, as a delivery calls."""
    own = runtime.instance.hook_set.hooks if runtime.instance is not None else ()
    hooks = [hook for hook in (*own, *generation.hooks) if isinstance(hook, EventHook)]
    return [one for hook in hooks if takes(one := Receiver(hook.types, hook.receive), event.type)]


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:_MOST_ERROR]
