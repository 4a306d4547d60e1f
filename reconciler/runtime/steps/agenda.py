"""What working on a key asks of the loop: further work, and to follow what became live. The controller is it."""

from collections.abc import Sequence
from typing import Protocol

from reconciler.model.config import ConfigDocument
from reconciler.runtime.loop.world import ConfigRecord


class Agenda(Protocol):
    """Where the applier asks for further work, and tells what became live."""

    def add(self, key: str) -> None:
        """Work on `key` soon."""

    def add_all(self, keys: Sequence[str]) -> None:
        """Work on each of `keys` soon."""

    def add_at(self, key: str, due: float) -> None:
        """Work on `key` at `due` (monotonic)."""

    def went_live(self, *records: ConfigRecord) -> None:
        """What runs under these ids has changed (or ceased): routes and deliveries follow."""

    async def quiesce(self, config_id: str) -> None:
        """Return when no delivery to this configuration is under way."""

    def applied(self, record: ConfigRecord, document: ConfigDocument) -> None:
        """`document` has started: remember it as applied."""

    def removing(self, config_id: str) -> None:
        """This id is stopped for good, but something of it is left to be cleaned up."""

    def removed(self, config_id: str) -> None:
        """The removal of this id is complete."""
