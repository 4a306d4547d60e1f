"""What holds for every test: fast ones first, slow ones last, and nothing of the network but loopback."""

import ipaddress
import socket
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A law is about values: how long an example takes, or is drawn for, says what else the machine does.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is marked slow at the end: one run, one closing line, and the quick answers first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(autouse=True, scope="session")
def only_loopback():
    """Refuse to connect to anything but this machine; child processes are their tests' own affair."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture
def alone():
    """Wait until the threads of earlier tests have ended: beside a thread nothing is spread over processes."""
    deadline = time.monotonic() + 30
    for thread in set(threading.enumerate()) - {threading.current_thread()}:
        thread.join(max(0.0, deadline - time.monotonic()))
    assert threading.enumerate() == [threading.current_thread()]


def _guarded(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise OSError(f"tests reach nothing but loopback, not {address[0]}")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
