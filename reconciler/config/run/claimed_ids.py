"""Whether a file of a root names an id, for a run in which few files are checked: test files expect ids of all.

What was skimmed only says where to look: a file is checked whole before it is believed. Called by `run`.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from msgspec.structs import replace

from reconciler.config.run.part import Batch, Part
from reconciler.config.run.skimmed import Skimmed
from reconciler.core.findings.nearest import Names

_MOST_LIKELY = 20


class ClaimedIds:
    """Knows whether a file of `batch` names an id; `check` checks files as the run does."""

    def __init__(self, batch: Batch, skimmed: Skimmed, check: Callable[[Batch], Part]) -> None:
        self._batch = batch
        self._skimmed = skimmed
        self._check = check
        self._sure: set[str] = set()

    def __contains__(self, config_id: str) -> bool:
        likely = self._by_stem.get(config_id.partition("/")[2], [])
        return (
            self._is_in(config_id, likely[:_MOST_LIKELY])
            or self._is_in(config_id, self._claiming.get(config_id.encode(), []))
            or self._is_in(config_id, self._claiming.pop(None, []))
        )

    def nearest(self, config_id: str) -> str | None:
        """Return the id most like one that no file names."""
        claimed = {one.decode() for one in self._claiming if one is not None}
        return Names((claimed | self._sure) - {config_id}).nearest(config_id)

    def _is_in(self, config_id: str, files: Sequence[str]) -> bool:
        if config_id not in self._sure and files:
            self._sure |= self._check(replace(self._batch, files=files)).names()
        return config_id in self._sure

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        """The files by their names without folder and ending: the file that is called so is likely to name an id."""
        found: dict[str, list[str]] = defaultdict(list)
        for file in self._batch.files:
            found[PurePosixPath(file).stem].append(file)
        return found

    @cached_property
    def _claiming(self) -> dict[bytes | None, list[str]]:
        """The files by the id that each seems to name; those of which no skim is certain, or kept, by None."""
        claims = dict(self._skimmed.claims())
        found: dict[bytes | None, list[str]] = defaultdict(list)
        for file in self._batch.files:
            found[claims.get(file)].append(file)
        return found
