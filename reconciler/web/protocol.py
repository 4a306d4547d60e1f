"""uvicorn's HTTP protocol with what it lacks: limits on what one connection may take.

Without them, connections that send nothing, a header a minute, or never fetch an answer would stay for ever and use up
all that are allowed. The same limits hold for the rest of a body that was answered before its end, which uvicorn reads
and throws away.
"""

import asyncio
import contextlib
import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.web.options import Limits
from reconciler.web.who import PEER, peer_uid

_SURPLUS = 16
"""How many times the largest body may follow a refusal before the connection is cut."""

_PIECE = 16 * 1024
"""How much is read at a time: as chunks of one byte, 256 KiB keep h11, and with it the probes, for a second."""


def bounded_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """Return a protocol class that closes what is too slow: on h11, also where httptools is there (record 0040)."""
    base: Any = H11Protocol
    # A logger of our own: bad requests are not news, and a host's uvicorn may have set up the shared ones to its taste.
    quiet = logging.getLogger("reconciler.web.http")
    if quiet.level == logging.NOTSET:
        quiet.setLevel(logging.ERROR)

    class BoundedProtocol(base):  # type: ignore[misc]
        _head_bytes = 0
        _head_timer: asyncio.TimerHandle | None = None
        _fetch_timer: asyncio.TimerHandle | None = None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.logger = quiet
            self.access_log = False

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            # Of the connection, not of the request: asked once, and before anything is read from it.
            self.app_state: dict[str, Any] = {**self.app_state, PEER: peer_uid(transport.get_extra_info("socket"))}
            with contextlib.suppress(AttributeError):  # asyncio's own has it; another loop's may not
                transport.max_size = _PIECE  # type: ignore[attr-defined]
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if not self._awaits_head():
                self._head_arrived()
                return
            self._head_bytes += len(data)
            self._expect_head()
            if self._head_bytes > (_SURPLUS * limits.body if self._in_surplus() else limits.head):
                self._close()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_arrived()
            self._fetched()
            super().connection_lost(exc)

        # An answer that is not fetched would be kept for ever: by a connection that is closed once all is sent, and by
        # the next request, which waits for room.

        def pause_writing(self) -> None:
            super().pause_writing()
            self._expect_fetch()

        def resume_writing(self) -> None:
            super().resume_writing()
            if not self.transport.is_closing():
                self._fetched()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.transport.is_closing():
                self._expect_fetch()

        def send_400_response(self, msg: str) -> None:
            """Refuse what cannot be parsed, unless the request it comes with, or behind, has its answer or gets one."""
            if not self._awaits_head() and not self.cycle.more_body:
                self.flow.pause_reading()  # h11 ends the connection with the answer
            elif self._in_surplus() and self.cycle.response_started:
                self._close()
            else:
                super().send_400_response(msg)
                self._expect_fetch()
                if self.cycle is not None:  # its body is broken: what works on it must not answer as well
                    self.cycle.disconnected = True
                    self.cycle.message_event.set()

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            if self.transport.get_write_buffer_size():  # an answer that is not fetched would be kept for ever
                self.transport.abort()

        def _awaits_head(self) -> bool:
            return self.cycle is None or bool(self.cycle.response_complete)

        def _in_surplus(self) -> bool:
            return self.cycle is not None and bool(self.cycle.more_body)

        def _head_arrived(self) -> None:
            self._head_bytes = 0
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _expect_head(self) -> None:
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(limits.head_seconds, self._head_is_late)

        def _head_is_late(self) -> None:
            self._head_timer = None
            if self._awaits_head() and not self.transport.is_closing():
                self._close()

        def _close(self) -> None:
            self.transport.close()
            self._expect_fetch()

        def _expect_fetch(self) -> None:
            if self._fetch_timer is None and self.transport.get_write_buffer_size():
                self._fetch_timer = self.loop.call_later(limits.keep_alive, self.transport.abort)

        def _fetched(self) -> None:
            if self._fetch_timer is not None:
                self._fetch_timer.cancel()
                self._fetch_timer = None

    return BoundedProtocol
