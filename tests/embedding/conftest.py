"""The examples, importable."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "embedding"


@pytest.fixture
def examples(monkeypatch):
    """Return the folder of the examples, on the import path while the test runs."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield EXAMPLES
    for name in [n for n in sys.modules if n in ("reviews", "fastapi_app") or n.startswith("django_site")]:
        del sys.modules[name]


@pytest.fixture
def wait_until():
    """Wait for a condition, at most twenty seconds."""
    import threading
    import time

    def wait(condition):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            threading.Event().wait(0.01)

    return wait
