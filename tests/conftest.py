"""What holds for every test: fast ones first, slow ones last, and nothing of the network but loopback.

What runs real threads, processes and disks depends on a machine that others use too: such a test may fail once and is
made again, which the summary tells (`rerun`); a second failure is one. Pure tests have one try.
"""

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent
REAL_PARTS = {"cli", "daemon", "embedding", "faults", "integrations", "processes", "runtime", "sdk", "web"}
"""The folders whose tests run an engine, a server or a daemon."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is marked slow at the end: one run, one closing line, and the quick answers first."""
    for item in items:
        if item.get_closest_marker("slow") is not None or item.path.relative_to(ROOT).parts[0] in REAL_PARTS:
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(autouse=True, scope="session")
def only_loopback():
    """Refuse to connect to anything but this machine; child processes are their tests' own affair."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


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
