"""RouteHook: an HTTP route of the owner under `/hooks/…`, behind a verifier that it cannot do without.

The web layer reads the request and calls; everything of the owner's, a verifier of its own included, runs in its
lane.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from reconciler.core.claims import Unfit, expand, look_up
from reconciler.model.errors import DeadlineExceeded, HookError, TerminalError, TransientError, UndeclaredHook
from reconciler.model.event import Event
from reconciler.model.ports import Disposer, HookHost, Request, Response, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner
from reconciler.sdk.hooks.in_flight import InFlight
from reconciler.sdk.signatures import BUILT_IN, Replays, Verdict, Verification, Verifier

log = logging.getLogger(__name__)
_LOG_EVERY = 60.0


class RouteHook(Hook):
    """Serve `path`, as the manifest declares it, beneath `/hooks/<integration>/` or, for a configuration's hook,
    `/hooks/<integration>/<name>/`. A configuration's path may have a setting in it, `in/{settings.path}`: with the
    setting in place it is served right beneath `/hooks/<integration>/`, and no two configurations can have the same.

    `handle(request)`, `def` or `async def`, returns a `Response`, an `Event`, which is published and answered with
    202 once it is on disk, or None for 204. TransientError is answered with 503, TerminalError with 422, any other
    exception with 500, each without detail. `verify` decides first, over the raw body: what it refuses, or fails on,
    gets 401. Raises UndeclaredHook when the manifest declares no such path or method, TerminalError when a setting
    cannot stand in a path.
    """  # noqa: D205 — the first sentence needs both lines

    where = Where.EVERYWHERE

    def __init__(
        self,
        owner: HookOwner,
        path: str,
        handle: Callable[[Request], Any],
        *,
        methods: Sequence[str] = ("POST",),
        verify: Verifier,
    ) -> None:
        if isinstance(methods, str):
            raise TypeError(f"methods of a RouteHook is a sequence, such as [{methods!r}]")
        key = owner.hook_set.owner_key
        self.methods = tuple(dict.fromkeys(method.upper() for method in methods))
        _check_declared(owner, path, self.methods)
        self.path = f"/hooks/{key}/{path.strip('/')}" if "{" not in path else _expanded(owner, path)
        self.handle = handle
        self.verify = verify
        self._gate = _Gate(verify, self.path)
        self._calls = InFlight()
        self._dispose: Disposer | None = None
        super().__init__(owner)

    def start(self, host: HookHost) -> None:
        """Open the route."""

        async def serve(request: Request) -> Response:
            return await self._serve(host, request)

        self._calls.open()
        self._dispose = host.add_route(self.path, self.methods, serve)

    def stop(self, reason: StopReason) -> None:  # noqa: ARG002 — the same for each
        """Close the route and wait for requests in flight; a `def`, so that it may block its thread.

        Raises HookError when some did not end.
        """
        dispose, self._dispose = self._dispose, None
        if dispose is not None:
            dispose()
        self._calls.close()
        left = self._calls.wait()
        if left:
            raise HookError(f"{self.describe()}: {left} requests have not been answered yet")

    def is_alive(self) -> bool:
        """Whether the route is open."""
        return self._dispose is not None

    def describe(self) -> str:
        """Return its methods and path."""
        return f"RouteHook {','.join(self.methods)} {self.path}"

    async def _serve(self, host: HookHost, request: Request) -> Response:
        """Answer one request, on the web server's loop."""
        if not self._calls.enter():
            return Response(404)
        try:
            return await self._answer(host, request)
        finally:
            self._calls.leave()

    async def _answer(self, host: HookHost, request: Request) -> Response:
        verification = await self._verify(host, request)
        if verification.verdict is not Verdict.GENUINE:
            return Response(503 if verification.verdict is Verdict.FULL else 401)
        answered = False
        try:
            response = await self._handle(host, request)
            answered = response.status < 500
            return response
        finally:
            # Nothing may be lost: what was not handled, cancelled calls included, may be sent again.
            if not answered:
                self._gate.forget(verification)

    async def _verify(self, host: HookHost, request: Request) -> Verification:
        if type(self.verify) in BUILT_IN:
            # They take a millisecond at most: here, so that a flood of forgeries does not fill the owner's lane.
            return self._gate.check(host, request)
        try:
            found: Verification = await asyncio.wrap_future(host.call(self._gate.check, host, request))
        except DeadlineExceeded as error:
            host.report(self.describe(), error)
            return Verification(Verdict.ERROR)
        return found

    async def _handle(self, host: HookHost, request: Request) -> Response:
        try:
            result = await asyncio.wrap_future(host.call(self.handle, request))
        except Exception as error:  # noqa: BLE001 — the sender learns nothing of the owner's code
            host.report(self.describe(), error)
            return Response(_status_of(error))
        if isinstance(result, Event):
            return await self._publish(host, result)
        if result is None:
            return Response()
        if isinstance(result, Response):
            return result
        host.report(
            self.describe(),
            TypeError(f"handle() returns a Response, an Event or None, not {type(result).__qualname__}"),
        )
        return Response(500)

    async def _publish(self, host: HookHost, event: Event) -> Response:
        try:
            await asyncio.wrap_future(host.publish(event))
        except Exception as error:  # noqa: BLE001 — a full disk, or the engine stops: the sender tries again
            host.report(f"{self.describe()}: publishing", error)
            return Response(503)
        return Response(202)


class _Gate:
    """Verifies, and remembers what was accepted."""

    def __init__(self, verifier: Verifier, path: str) -> None:
        self._verifier = verifier
        self._path = path
        self._replays = Replays()
        self._refused = 0
        self._logged = 0.0

    def check(self, host: HookHost, request: Request) -> Verification:
        """Return the verdict; anything that goes wrong on the way refuses."""
        now = host.clock.time()
        try:
            found = self._verifier.verify(request, now)
            if found.verdict is Verdict.GENUINE and found.key is not None:
                found = Verification(self._replays.claim(found.key, found.until, now), found.key, found.until)
        except Exception as error:  # noqa: BLE001 — the request is refused
            host.report(f"the verifier of {self._path}", error)
            found = Verification(Verdict.ERROR)
        if found.verdict is not Verdict.GENUINE:
            self._note(found.verdict, now)
        return found

    def forget(self, verification: Verification) -> None:
        """Let a request in again that was accepted but not handled."""
        if verification.key is not None:
            self._replays.forget(verification.key)

    def _note(self, verdict: Verdict, now: float) -> None:
        """Log refusals at most once a minute: whoever sends garbage must not fill the disk."""
        self._refused += 1
        if abs(now - self._logged) >= _LOG_EVERY:
            log.warning("%s refused %d requests; the last one: %s", self._path, self._refused, verdict.value)
            self._refused, self._logged = 0, now


def _check_declared(owner: HookOwner, path: str, methods: tuple[str, ...]) -> None:
    routes = owner.hook_set.descriptor.routes
    allowed = {
        method.upper() for route in routes if route.path.strip("/") == path.strip("/") for method in route.methods
    }
    if not methods or not set(methods) <= allowed:
        declared = ", ".join(f"{'/'.join(route.methods)} {route.path}" for route in routes)
        raise UndeclaredHook(
            f"{owner.hook_set.owner_key}: the route {'/'.join(methods)} {path!r} is not in the manifest's `routes` "
            f"(declared: {declared or 'none'})"
        )


def _expanded(owner: HookOwner, path: str) -> str:
    """Return the path of a configuration with its settings in place."""
    key = owner.hook_set.owner_key
    integration, slash, _ = key.partition("/")
    if not slash:
        raise HookError(f"{key}: the route {path!r} has a setting in it, so its hook belongs to a configuration")

    def setting(name: str) -> Any:
        found = look_up(getattr(owner, "values", {}), name, getattr(owner, "defaults", {}))
        return found if found is not None else getattr(getattr(owner, "settings", None), name, None)

    try:
        found = expand(path.strip("/"), setting, route=True)
    except Unfit as error:
        raise TerminalError(f"{key}: the route {path!r}: {error}") from None
    if found is None:
        raise TerminalError(f"{key}: the route {path!r} has a setting in it that is not set")
    return f"/hooks/{integration}/{found}"


def _status_of(error: Exception) -> int:
    if isinstance(error, DeadlineExceeded):
        return 504
    if isinstance(error, TransientError):
        return 503
    return 422 if isinstance(error, TerminalError) else 500
