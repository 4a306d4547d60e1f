"""A configuration: one validated document, and what the files ask for under one id."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json import Json, Path


class EventFilter(Struct, frozen=True):
    """One entry of `events`: a type, exact or a pattern, and a CEL condition or None."""

    type: str
    when: str | None = None


class ConfigDocument:
    """A document that passed validation: a read-only view of its JSON value (DESIGN's section 3).

    `raw` is the document as written, secrets as references, and must not be changed; `digest` is the SHA-256 of
    its canonical form. `literals` are the places, or what is around them, where a literal stands for a secret: what
    is there is shown nowhere. Nothing else is stored, so making one costs little on the validating path.
    """

    __slots__ = ("digest", "literals", "raw")

    def __init__(self, raw: dict[str, Any], digest: str, literals: tuple[Path, ...] = ()) -> None:
        self.raw = raw
        self.digest = digest
        self.literals = literals

    @property
    def id(self) -> str:
        """`<integration>/<name>`, the identity of the configuration."""
        return f"{self.raw['integration']}/{self.raw['name']}"

    @property
    def integration(self) -> str:
        """The id of the integration it uses."""
        return str(self.raw["integration"])

    @property
    def name(self) -> str:
        """Its name, unique within the integration."""
        return str(self.raw["name"])

    @property
    def description(self) -> str:
        """What people wrote about it, or the empty string."""
        return str(self.raw.get("description", ""))

    @property
    def enabled(self) -> bool:
        """Whether it asks to be used; true when the file does not say."""
        return bool(self.raw.get("enabled", True))

    @property
    def scope(self) -> Mapping[str, tuple[str, ...]]:
        """Whom or what it is bound to: for each key the values of which any may match."""
        return {
            key: (value,) if isinstance(value, str) else tuple(value)
            for key, value in self.raw.get("scope", {}).items()
        }

    @property
    def labels(self) -> Mapping[str, str]:
        """String values for people and for selection."""
        labels: Mapping[str, str] = self.raw.get("labels", {})
        return labels

    @property
    def settings(self) -> Mapping[str, Json]:
        """The settings as written, secrets as references."""
        settings: Mapping[str, Json] = self.raw.get("settings", {})
        return settings

    @property
    def events(self) -> tuple[EventFilter, ...] | None:
        """Which events reach it, or None where the manifest's declared ones do."""
        listed = self.raw.get("events")
        if listed is None:
            return None
        return tuple(EventFilter(item["type"], item.get("when")) for item in listed)

    @property
    def message(self) -> Mapping[str, Json]:
        """The templates of the message, by field of `Message`; empty where the integration renders it."""
        message: Mapping[str, Json] = self.raw.get("message", {})
        return message

    @property
    def delivery(self) -> Mapping[str, Json]:
        """How deliveries are made, as written; `reconciler.model.delivery` gives it its defaults."""
        delivery: Mapping[str, Json] = self.raw.get("delivery", {})
        return delivery

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ConfigDocument) and other.digest == self.digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"ConfigDocument({self.id!r}, {self.digest[:12]})"


class Presence(StrEnum):
    """What the files say about one id now. Only `ABSENT`, once confirmed, removes."""

    VALID = "valid"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    ABSENT = "absent"


class Desired(Struct, frozen=True):
    """What the files ask for under one id.

    `document` is there exactly when `presence` is VALID. `file` is relative to the root, `line` that of the
    document's first line; both are empty and 0 when absent. `persistable` is false when the document holds a
    literal at the place of a secret: it is then never written to the state directory.
    """

    id: str
    presence: Presence
    document: ConfigDocument | None = None
    file: str = ""
    line: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    persistable: bool = True
