"""Builds the typed settings of configurations in their integration's lane, many in one call.

A model's validators are the integration's code, so they never run on the engine's loop. A call into a lane costs more
than most validations, and a start of thousands of configurations asks for thousands: what is asked for at the same
time goes together, as long as that takes but a part of the deadline which each of them has. Used by `config_calls.py`,
on the engine's loop.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.core.masking.stand_in import without_secrets
from reconciler.model.errors import DeadlineExceeded, TransientError
from reconciler.model.ports import Clock
from reconciler.runtime.lanes.calls import tellable
from reconciler.runtime.lanes.hook_host import Caller
from reconciler.runtime.lanes.unfit import is_misfit

if TYPE_CHECKING:
    from pydantic import BaseModel

_PYDANTIC = "pydantic.main"
_TOGETHER = 1024
_PART = 0.1
"""After which part of the deadline a call takes no further settings: they share it, and must not use it up."""


class SettingsBuilder:
    """Validates settings against one model, under the deadline of a configuration's calls (seconds)."""

    def __init__(self, caller: Caller, model: "type[BaseModel]", deadline: float) -> None:
        self._caller = caller
        self._model = model
        self._deadline = deadline
        self._asked: list[tuple[Mapping[str, Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def build(self, values: Mapping[str, Any]) -> Any:
        """Return an instance of the model; raises what its validation raises, or what the call into the lane does."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked.append((values, answer))
        if self._task is None:
            self._task = asyncio.ensure_future(self._work())
        return await answer

    async def build_many(self, many: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return an instance for each of `many`, or the exception that is to be told of it."""
        built: list[Any] = []
        for start in range(0, len(many), _TOGETHER):
            built += await self._built(many[start : start + _TOGETHER])
        return built

    async def _work(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked[:_TOGETHER], self._asked[_TOGETHER:]
                await self._answer(asked)
        finally:
            self._task = None

    async def _answer(self, asked: Sequence[tuple[Mapping[str, Any], "asyncio.Future[Any]"]]) -> None:
        built = await self._built([value for value, _ in asked])
        for (_, answer), result in zip(asked, built, strict=True):
            if answer.done():
                continue
            if isinstance(result, BaseException):
                answer.set_exception(result)
            else:
                answer.set_result(result)

    async def _built(self, values: Sequence[Mapping[str, Any]]) -> list[Any]:
        built: list[Any] = []
        while len(built) < len(values):
            built += await self._call(values[len(built) :])
        return built

    async def _call(self, values: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return an instance or an exception for the first of `values`, as many as one call has the time for."""
        job = _Job(self._model, self._caller.lane.masked, self._caller.services.clock, self._deadline * _PART)
        try:
            built: list[Any] = await self._caller("validating the settings", self._deadline, job.build, values)
        except Exception as error:  # noqa: BLE001 — whoever asked hears of it
            return [error, *(_shared(error) for _ in values[1:])]
        return built


class _Job(Struct, frozen=True):
    """What runs in the lane; it begins with no further settings after `seconds`."""

    model: "type[BaseModel]"
    masked: Callable[[str], str]
    clock: Clock
    seconds: float

    def build(self, many: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return an instance or an exception for the first of `many`, and for one at least.

        A misfit comes as it is, for nobody tells more of it than what is wrong with the file.
        """
        built: list[Any] = []
        validate = _validation(self.model)
        end = self.clock.monotonic() + self.seconds
        for values in many:
            try:
                built.append(validate(values))
            except Exception as error:  # noqa: BLE001 — it belongs to one configuration
                built.append(error if is_misfit(error) else tellable(without_secrets(error, self.masked)))
            if self.clock.monotonic() >= end:
                break
        return built


def _validation(model: "type[BaseModel]") -> Callable[[Any], Any]:
    """Return what validates: what `model_validate` would ask, for whose options there is no use here.

    They take a fourth of the time. A model that has a `model_validate` of its own is asked by it.
    """
    says = next(one for one in model.__mro__ if "model_validate" in vars(one))
    own = says.__module__ != _PYDANTIC
    return model.model_validate if own else model.__pydantic_validator__.validate_python


def _shared(error: Exception) -> Exception:
    """Return what the others of a call hear: one abandoned call must not count as many."""
    if isinstance(error, DeadlineExceeded):
        return TransientError(f"other settings were validated in the same call: {error}")
    return error
