"""The HTTP routes that RouteHooks have opened, as the web layer looks them up."""

import threading
from collections.abc import Awaitable, Callable, Sequence

from reconciler.model.errors import HookConflict
from reconciler.model.ports import Disposer, Request, Response

Handler = Callable[[Request], Awaitable[Response]]


class RouteTable:
    """Exact paths to handlers by method. Lookups need no lock; changes swap a copy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[str, dict[str, Handler]] = {}

    def add(self, path: str, methods: Sequence[str], handler: Handler) -> Disposer:
        """Open `path` for `methods`; raises HookConflict when one of them is taken."""
        with self._lock:
            taken = self._routes.get(path, {})
            clash = sorted(set(methods) & taken.keys())
            if clash:
                raise HookConflict(f"the route {' '.join(clash)} {path} is open already")
            self._routes = {**self._routes, path: {**taken, **dict.fromkeys(methods, handler)}}
        return lambda: self._remove(path, handler)

    def _remove(self, path: str, handler: Handler) -> None:
        with self._lock:
            left = {method: h for method, h in self._routes.get(path, {}).items() if h is not handler}
            self._routes = {p: r for p, r in self._routes.items() if p != path} | ({path: left} if left else {})

    def find(self, path: str) -> dict[str, Handler]:
        """Return the handlers of `path` by method; empty when it is not open."""
        return self._routes.get(path, {})

    def paths(self) -> list[str]:
        """Return the open paths, sorted."""
        return sorted(self._routes)
