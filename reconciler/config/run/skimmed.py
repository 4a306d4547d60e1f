"""What unchanged files claim, as far as a skim has seen it: which of them to check whole before anything is said.

`skim.py` reads them, `changed.py` asks.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from reconciler.config.run.part import Part


class Skimmed:
    """What files were seen to claim: the id of each, None where it has to be checked to know, and fallbacks."""

    def __init__(self) -> None:
        self._ids: dict[str, bytes | None] = {}
        self._fallbacks: dict[str, bytes] = {}

    def add(self, files: Sequence[str], ids: Sequence[bytes | None], fallbacks: dict[int, bytes]) -> None:
        """Take in one share of the files."""
        self._ids.update(zip(files, ids, strict=True))
        self._fallbacks.update((files[index], target) for index, target in fallbacks.items())

    def forget(self, files: Iterable[str]) -> None:
        """Drop files that are, or will be, checked whole."""
        for file in files:
            self._ids.pop(file, None)
            self._fallbacks.pop(file, None)

    def doubt(self, is_doubtful: Callable[[str], bool]) -> None:
        """Be sure of nothing in the files of some integrations: what they need for themselves is in their settings."""
        integrations = {claimed.partition(b"/")[0] for claimed in self._ids.values() if claimed is not None}
        doubtful = {name for name in integrations if is_doubtful(name.decode())}
        if doubtful:
            every = self._ids.items()
            unsure = [file for file, claimed in every if claimed and claimed.partition(b"/")[0] in doubtful]
            self._ids.update(dict.fromkeys(unsure))

    def take_unsure(self) -> list[str]:
        """Return the files of which nothing is certain, and drop them."""
        unsure = [file for file, claimed in self._ids.items() if claimed is None]
        self.forget(unsure)
        return sorted(unsure)

    def suspects(self, known: Collection[bytes], wanted: Collection[bytes]) -> list[str]:
        """Return the files that claim an id which is claimed twice, or that a fallback leads to (`wanted`)."""
        leaned_on = {*wanted, *self._fallbacks.values()}
        every = [*self._ids.values(), *known]
        if len(set(every)) == len(every) and not leaned_on:
            return []
        doubled = {claimed for claimed, times in Counter(every).items() if times > 1}
        return [file for file, claimed in self._ids.items() if claimed in doubled or claimed in leaned_on]

    @property
    def files(self) -> Collection[str]:
        """The files that were skimmed and not checked."""
        return self._ids.keys()

    @property
    def fallbacks(self) -> dict[str, bytes]:
        """The fallbacks, by file."""
        return self._fallbacks

    def as_part(self, prefix: str) -> Part:
        """Return the claims as if they had been checked; places in files are not known."""
        part = Part()
        part.ids = [(claimed.decode(), prefix + file, 1) for file, claimed in self._ids.items() if claimed is not None]
        for file, target in self._fallbacks.items():
            part.fallbacks.append(((self._ids[file] or b"").decode(), target.decode(), prefix + file, 1))
        return part
