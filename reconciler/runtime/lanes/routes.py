"""The HTTP routes that RouteHooks have opened, as the web layer looks them up."""

import threading
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from reconciler.model.errors import HookConflict
from reconciler.model.ports import Disposer, Request, Response

Handler = Callable[[Request], Awaitable[Response]]


class _Entry(Struct, frozen=True, eq=False):
    handler: Handler
    owner: str
    holder: object


class RouteTable:
    """Exact paths to handlers by method. Lookups need no lock; changes swap a copy.

    A new version of an owner may open a route over the old version's, which is served again if the new one goes first:
    so that a route is replaced without a moment in which nobody answers.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[str, dict[str, tuple[_Entry, ...]]] = {}

    def add(
        self, path: str, methods: Sequence[str], handler: Handler, *, owner: str = "", holder: object = None
    ) -> Disposer:
        """Open `path` for `methods`; `holder` stands for one version of `owner`.

        Raises HookConflict when another owner has one of them, or this very version.
        """
        entry = _Entry(handler, owner, holder)
        with self._lock:
            taken = self._routes.get(path, {})
            clash = sorted(m for m in methods if any(e.owner != owner or e.holder is holder for e in taken.get(m, ())))
            if clash:
                raise HookConflict(f"the route {' '.join(clash)} {path} is open already")
            opened = {method: (*taken.get(method, ()), entry) for method in methods}
            self._routes = {**self._routes, path: {**taken, **opened}}
        return lambda: self._remove(path, entry)

    def _remove(self, path: str, entry: _Entry) -> None:
        with self._lock:
            left = {m: tuple(e for e in entries if e is not entry) for m, entries in self._routes.get(path, {}).items()}
            left = {method: entries for method, entries in left.items() if entries}
            self._routes = {p: r for p, r in self._routes.items() if p != path} | ({path: left} if left else {})

    def find(self, path: str) -> dict[str, Handler]:
        """Return the handlers of `path` by method; empty when it is not open."""
        return {method: entries[-1].handler for method, entries in self._routes.get(path, {}).items()}

    def paths(self) -> list[str]:
        """Return the open paths, sorted."""
        return sorted(self._routes)
