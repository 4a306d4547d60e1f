"""SignalHook: a signal of the host, blinker's or Django's, reaches the owner while the owner lives.

The receiver runs in the sender's thread, in every process of the host. Django is never imported: the two libraries'
`connect` and `disconnect` take the same arguments as far as they are used here.
"""

import inspect
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from reconciler.model.errors import HookError
from reconciler.model.ports import HookHost, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner
from reconciler.sdk.hooks.in_flight import InFlight


class Signal(Protocol):
    """What `blinker.Signal` and `django.dispatch.Signal` have in common."""

    def connect(self, receiver: Any, *args: Any, **kwargs: Any) -> Any:
        """Call `receiver` when the signal is sent; takes `sender` and `weak` by name."""

    def disconnect(self, receiver: Any, *args: Any, **kwargs: Any) -> Any:
        """Cease to; takes `sender` by name."""


class SignalHook(Hook):
    """Call `receiver` with whatever the signal is sent with.

    blinker passes the sender by position and the rest by name; Django passes all by name, `sender` and `signal`
    among them. `sender` narrows to one sender; None takes all. The receiver is strongly referenced. A `def` runs in
    the sender's thread, an `async def` in the owner's lane, where the sender does not wait for it. What either raises
    is reported and never reaches the sender, nor its other receivers.
    """

    where = Where.EVERYWHERE

    def __init__(
        self, owner: HookOwner, signal: Signal, receiver: Callable[..., Any], *, sender: object = None
    ) -> None:
        self.signal = signal
        self.receiver = receiver
        self.sender = sender
        self._asynchronous = _is_async(receiver)
        self._calls = InFlight()
        self._host: HookHost | None = None
        super().__init__(owner)

    def start(self, host: HookHost) -> None:
        """Connect."""
        self._host = host
        self._calls.open()
        self.signal.connect(self._receive, weak=False, **self._narrowed())

    def stop(self, reason: StopReason) -> None:  # noqa: ARG002 — the same for each
        """Disconnect, refuse late calls, and wait for those in flight; a `def`, so that it may block its thread.

        Raises HookError when some did not end: the hook is closed all the same.
        """
        self.signal.disconnect(self._receive, **self._narrowed())
        self._calls.close()
        left = self._calls.wait()
        if left:
            raise HookError(f"{self.describe()}: {left} of its calls have not returned yet")

    def is_alive(self) -> bool:
        """Whether it takes calls."""
        return self._calls.is_open

    def describe(self) -> str:
        """Return the receiver's name."""
        return f"SignalHook {_name(self.receiver)}"

    def _narrowed(self) -> dict[str, Any]:
        """None means every sender to both libraries only where the argument is left out."""
        return {} if self.sender is None else {"sender": self.sender}

    def _receive(self, *args: Any, **kwargs: Any) -> None:
        """Take one call, in the sender's thread. A signal that is being sent while `stop` runs still gets here."""
        host = self._host
        if host is None or not self._calls.enter():
            return
        if self._asynchronous:
            self._hand_over(host, args, kwargs)
            return
        try:
            self.receiver(*args, **kwargs)
        except KeyboardInterrupt:
            # Python raises Ctrl-C in whatever the main thread happens to run: it is the host's, not the receiver's.
            raise
        except BaseException as error:  # noqa: BLE001 — SystemExit of a receiver must not end the sender's request
            host.report(self.describe(), error)
        finally:
            self._calls.leave()

    def _hand_over(self, host: HookHost, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        async def receive() -> None:
            await self.receiver(*args, **kwargs)

        receive.__name__ = _name(self.receiver)
        try:
            future = host.call(receive)
        except Exception as error:  # noqa: BLE001 — the engine stops: the sender has nothing to do with it
            self._calls.leave()
            host.report(self.describe(), error)
        else:
            future.add_done_callback(self._ended)

    def _ended(self, future: "Future[Any]") -> None:
        self._calls.leave()
        error = None if future.cancelled() else future.exception()
        if error is not None and self._host is not None:
            self._host.report(self.describe(), error)


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 — the kind of the method is asked for


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", None) or type(function).__name__
