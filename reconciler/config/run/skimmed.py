"""What unchanged files claim, as far as a skim has seen it: which of them to check whole before anything is said.

`skim.py` reads them, `changed.py` asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from reconciler.config.run.part import Part
from reconciler.config.run.skim import Skim

_FORGOTTEN: Final = b""


class Skimmed:
    """What files, sorted, were seen to claim: the id of each, None where it has to be checked to know, and fallbacks.

    Lists, and no dict: in most runs nobody asks for one file.
    """

    def __init__(self, files: Sequence[str], skim: Skim) -> None:
        self._files = files
        self._ids = skim.ids
        self._fallbacks = skim.fallbacks
        self._integrations = skim.integrations

    def forget(self, files: Iterable[str]) -> None:
        """Drop files that are, or will be, checked whole."""
        for file in files:
            number = bisect_left(self._files, file)
            if number < len(self._files) and self._files[number] == file:
                self._ids[number] = _FORGOTTEN
                self._fallbacks.pop(number, None)

    def doubt(self, is_doubtful: Callable[[str], bool]) -> None:
        """Be sure of nothing in the files of some integrations: what they need for themselves is in their settings."""
        doubtful = {name for name in self._integrations if is_doubtful(name.decode())}
        if doubtful:
            self._ids = [
                None if claimed and claimed.partition(b"/")[0] in doubtful else claimed for claimed in self._ids
            ]

    def take_unsure(self) -> list[str]:
        """Return the files of which nothing is certain, sorted, and drop them."""
        if None not in self._ids:
            return []
        unsure = [file for file, claimed in zip(self._files, self._ids, strict=True) if claimed is None]
        self.forget(unsure)
        return unsure

    def suspects(self, known: Collection[bytes], wanted: Collection[bytes]) -> list[str]:
        """Return the files that claim an id which is claimed twice, or that a fallback leads to (`wanted`)."""
        leaned_on = {*wanted, *self._fallbacks.values()}
        every = [*filter(None, self._ids), *known]
        if len(set(every)) == len(every) and not leaned_on:
            return []
        doubled = {claimed for claimed, times in Counter(every).items() if times > 1}
        return [file for file, claimed in self.claims() if claimed in doubled or claimed in leaned_on]

    @property
    def files(self) -> Iterator[str]:
        """The files that were skimmed and not checked."""
        return (file for file, _ in self.claims())

    def is_any_helpless(self, known: Collection[bytes], disabled: Collection[bytes]) -> bool:
        """Whether a fallback is the document itself, not among the ids that are `known`, or among the `disabled`."""
        targets = set(self._fallbacks.values())
        if not targets <= set(known) or not targets.isdisjoint(disabled):
            return True
        return any(self._ids[number] == target for number, target in self._fallbacks.items())

    def as_part(self, prefix: str) -> Part:
        """Return the claims as if they had been checked; places in files are not known."""
        part = Part()
        part.ids = [(claimed.decode(), prefix + file, 1) for file, claimed in self.claims()]
        for number, target in self._fallbacks.items():
            claimed = self._ids[number] or b""
            part.fallbacks.append((claimed.decode(), target.decode(), prefix + self._files[number], 1))
        return part

    def claims(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files that were skimmed and not checked, each with the id that it seems to name."""
        return ((file, claimed) for file, claimed in zip(self._files, self._ids, strict=True) if claimed)
