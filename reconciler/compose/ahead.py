"""Has a daemon's directory read ahead, before what the daemon itself consists of is imported."""

from functools import partial
from typing import TYPE_CHECKING

from reconciler.compose.options import EngineOptions
from reconciler.config.tree.kept import Shelf, holds_nearly_all
from reconciler.runtime.state.shelf import READ_CACHE, FileShelf

if TYPE_CHECKING:
    from reconciler.config.tree.ahead import Ahead
    from reconciler.config.validation import Validator


def begin_reading(options: EngineOptions) -> "Ahead | None":
    """Begin, in a child; None where that does not pay. One that waits for its turn would hold what is out of date."""
    if options.standby or holds_nearly_all(_shelf(options), options.root):
        return None
    from reconciler.config.tree.ahead import Ahead

    return Ahead.begin(options.root, partial(_make, options), options.ages)


def _make(options: EngineOptions) -> "tuple[Validator, Shelf]":
    from reconciler.compose.catalogue import build_catalogue
    from reconciler.compose.judges import build_judges

    _, validator = build_judges(options, build_catalogue(options.integrations))
    return validator, _shelf(options)


def _shelf(options: EngineOptions) -> FileShelf:
    return FileShelf(options.state_dir / READ_CACHE, write=False)
