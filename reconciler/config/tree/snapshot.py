"""What the files ask for, as one immutable value, and what each of them says.

`index.py` derives the one from the other; `directory` reads the files.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.diagnostic import Diagnostic, Span

NO_IDS: Final[Mapping[str, int]] = MappingProxyType({})


class Claim(Struct, frozen=True):
    """One document that names an id. `document` is None when it has an error; `span` is where the name stands.

    `refused` says that it may not stand in its folder: then it is no rival of one that may.
    """

    id: str
    line: int
    span: Span
    document: ConfigDocument | None
    diagnostics: tuple[Diagnostic, ...] = ()
    persistable: bool = True
    refused: bool = False


class FileState(Struct, eq=False):
    """What one file says. `diagnostics` are all of the file's, those of its documents included.

    `last` belongs to the index: the ids, with their lines, that the file held when it was last without an error.
    """

    claims: tuple[Claim, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    unreadable: bool = False
    last: Mapping[str, int] = field(default_factory=lambda: NO_IDS)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that keep something of this file from being applied."""
        return tuple(d for d in self.diagnostics if d.is_error)


class Snapshot:
    """Desired: what the files ask for at one moment. Never changes; may be read from any thread."""

    __slots__ = ("_found", "_homeless", "_sorted", "desired", "files")

    def __init__(
        self, desired: Mapping[str, Desired] | None = None, files: int = 0, found: Iterable[Diagnostic] = ()
    ) -> None:
        self.desired: Mapping[str, Desired] = MappingProxyType(dict(desired or {}))
        self.files = files
        self._found = tuple(found)
        self._sorted: tuple[Diagnostic, ...] | None = None
        self._homeless: tuple[Diagnostic, ...] | None = None

    def get(self, config_id: str) -> Desired:
        """Return what is asked for under an id; ABSENT when no file names it."""
        found = self.desired.get(config_id)
        return found if found is not None else Desired(config_id, Presence.ABSENT)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every finding about the directory, once each, by place."""
        if self._sorted is None:
            self._sorted = tuple(sorted(dict.fromkeys(self._found), key=Diagnostic.sort_key))
        return self._sorted

    @property
    def homeless(self) -> tuple[Diagnostic, ...]:
        """The errors that no configuration shows as its own: of the directory, and of documents without an id."""
        if self._homeless is None:
            errors = [found for found in self.diagnostics if found.is_error]
            told = {found for one in self.desired.values() for found in one.diagnostics} if errors else set()
            self._homeless = tuple(found for found in errors if found not in told)
        return self._homeless
