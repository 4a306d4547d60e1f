"""A rehearsal over the built-in integrations, and over classes that a test registers."""

from pathlib import Path

import pytest

from reconciler.compose.catalogue import build_catalogue
from reconciler.compose.rehearsal.rehearsal import Rehearsal
from reconciler.config.secrets import SecretResolver
from reconciler.model.config import ConfigDocument
from reconciler.model.event import Event, parse_time
from reconciler.sdk.describe import describe_class

EVENT = Event(
    type="build.finished", source="/ci", id="1", data={"status": "failed", "job": "web"},
    time=parse_time("2026-01-01T00:00:00Z"),
)  # fmt: skip


@pytest.fixture
def rehearse():
    """Rehearse one delivery: `rehearse(integration, settings, *classes, message=…)`."""

    def deliver(integration, settings=None, *classes, event=EVENT, times=1, **keys):
        catalogue = build_catalogue()
        for one in classes:
            catalogue.register(describe_class(one), one)
        document = {"integration": integration, "name": "a", "settings": settings or {}, **keys}
        with Rehearsal(catalogue, SecretResolver(Path("/nowhere"), {}), 1.7e9) as rehearsal:
            found = [rehearsal.deliver(ConfigDocument(document, "d"), event) for _ in range(times)]
        return found[0] if times == 1 else found

    return deliver
