"""Which folders to list for a scan, and what listing them gave. It knows folders and names, not files' contents.

Called by `directory`. A folder is named by its path relative to the root, "" being the root itself.
"""

from collections.abc import Callable, Collection, Container, Iterator

from msgspec import Struct, field

from reconciler.config.files import Listing, is_gone, join, list_folder, unreadable
from reconciler.model.diagnostic import Diagnostic


class Walk(Struct):
    """Listings by folder, parents before children. `broken` are folders that are there and cannot be listed."""

    listings: dict[str, Listing] = field(default_factory=dict)
    broken: dict[str, Diagnostic] = field(default_factory=dict)
    root_error: OSError | None = None


def walk_all(base: str, tick: Callable[[], None]) -> Walk:
    """List the root `base` and every folder beneath it."""
    walk = Walk()
    _walk(walk, base, [""], (), tick)
    return walk


def walk_some(
    base: str, folders: Collection[str], known: Container[str], broken: Container[str], tick: Callable[[], None]
) -> Walk:
    """List `folders` alone, and what is beneath them only where it is not `known` yet, or was `broken` last time.

    For a folder that is not known, or is gone, the nearest one above it that is known and there is listed.
    """
    walk = Walk()
    for folder in sorted({_nearest(folder, known) for folder in folders}):
        current: str | None = folder
        while current is not None and current not in walk.listings:
            if _list(walk, base, current):
                new = [join(current, name) for name in walk.listings[current].folders]
                start = new if current in broken else [f for f in new if f not in known]
                _walk(walk, base, start, known if current not in broken else (), tick)
                break
            current = _parent(current) if current and current not in walk.broken else None
    return walk


def beneath(folder: str, paths: Collection[str]) -> Iterator[str]:
    """Return those of `paths` that are `folder` or lie beneath it."""
    if not folder:
        return iter(paths)
    prefix = folder + "/"
    return (path for path in paths if path == folder or path.startswith(prefix))


def _walk(walk: Walk, base: str, start: list[str], known: Container[str], tick: Callable[[], None]) -> None:
    todo = start
    while todo:
        folder = todo.pop()
        if folder not in walk.listings and _list(walk, base, folder):
            todo += [join(folder, name) for name in walk.listings[folder].folders if join(folder, name) not in known]
            tick()


def _list(walk: Walk, base: str, folder: str) -> bool:
    """List one folder; false when it is gone (its parent's listing will say so) or broken."""
    try:
        walk.listings[folder] = list_folder(base, folder)
    except OSError as error:
        if not folder:
            walk.root_error = error
        elif not is_gone(error):
            walk.broken[folder] = unreadable(error).diagnostic(folder)
        return False
    return True


def _nearest(folder: str, known: Container[str]) -> str:
    """Return the nearest folder at or above `folder` that is known; hidden and kept ones never are."""
    while folder and folder not in known:
        folder = folder.rpartition("/")[0]
    return folder


def _parent(folder: str) -> str | None:
    return folder.rpartition("/")[0] if folder else None
