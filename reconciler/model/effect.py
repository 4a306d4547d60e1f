"""What is kept of an effect that outlives the process, such as a webhook registered elsewhere."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from reconciler.model.json import Json


class EffectStatus(StrEnum):
    """How far an effect is."""

    INTENT = "intent"
    """It may be there: it was begun, and its handle is not known yet, or not known anew."""
    HELD = "held"
    """It is there."""
    REMOVING = "removing"
    """Its removal was begun."""


class EffectRow(Struct, frozen=True):
    """One row of the inventory: `owner` is the id of a configuration or an integration.

    `handle` is what `ensure()` returned last, `since` when `status` was noted (seconds since the epoch). `document` is
    the configuration that declared it, secrets as references, or None: the owner is an integration, or the document
    held a literal at the place of a secret and may not be kept.
    """

    owner: str
    key: str
    status: EffectStatus
    handle: Json = None
    since: float = 0.0
    document: Mapping[str, Any] | None = None

    @property
    def integration(self) -> str:
        """The id of the integration it belongs to."""
        return self.owner.partition("/")[0]
