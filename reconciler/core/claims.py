"""What a configuration claims for itself alone: routes and exclusive resources that are named after its settings.

A manifest writes them as templates, `in/{settings.path}` or `port:{settings.port}`. Validation expands them to find two
configurations that claim one thing; a RouteHook expands them to open the route. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

_PLACEHOLDER: Final = re.compile(r"\{settings\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}")
_ROUTE_PART: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\Z")
_LONGEST: Final = 200


class Claim(Struct, frozen=True):
    """One thing that a configuration needs for itself: `what` it is in words, and the setting that names it."""

    key: str
    what: str
    setting: tuple[str, ...]


class Unfit(ValueError):
    """A setting cannot stand in the name of a route; `setting` are the keys that lead to it."""

    def __init__(self, setting: str) -> None:
        keys = setting.split(".")
        super().__init__(f"`settings.{setting}` names a route: expected letters, digits, - . _ ~ and / between")
        self.setting = tuple(keys)


def names_in(template: str) -> list[str]:
    """Return the settings that a template names, dotted; raises ValueError for braces around anything else."""
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        raise ValueError(f"{template!r}: only {{settings.NAME}} may stand in braces")
    return _PLACEHOLDER.findall(template)


def expand(template: str, setting: Callable[[str], Any], *, route: bool) -> str | None:
    """Return a template with its settings in place; None where one is not set.

    Raises Unfit where a setting cannot stand in a route.
    """
    values = {name: setting(name) for name in _PLACEHOLDER.findall(template)}
    if any(value is None for value in values.values()):
        return None
    for name, value in values.items():
        if route and not (isinstance(value, str) and len(value) <= _LONGEST and _ROUTE_PART.match(value.strip("/"))):
            raise Unfit(name)
    return _PLACEHOLDER.sub(lambda found: str(values[found[1]]).strip("/" if route else ""), template)


class Claims:
    """What the configurations of one integration claim, by its manifest and the defaults of its schema."""

    def __init__(
        self, integration: str, routes: Iterable[tuple[str, tuple[str, ...]]], exclusive: Iterable[str],
        defaults: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._integration = integration
        self._routes = [(path, methods) for path, methods in routes if _PLACEHOLDER.search(path)]
        self._exclusive = [key for key in exclusive if _PLACEHOLDER.search(key)]
        self._defaults = defaults
        self.shared = tuple(key for key in exclusive if not _PLACEHOLDER.search(key))
        """Exclusive resources of the integration as a whole."""

    def __bool__(self) -> bool:
        """Whether there is anything to be claimed."""
        return bool(self._routes or self._exclusive or self.shared)

    def of(self, settings: Mapping[str, Any]) -> Iterator[Claim]:
        """Yield what a configuration with these settings claims; raises Unfit."""

        def setting(name: str) -> Any:
            return look_up(settings, name, self._defaults)

        for path, methods in self._routes:
            found = expand(path, setting, route=True)
            for method in methods if found is not None else ():
                route = f"{method} /hooks/{self._integration}/{found}"
                yield Claim(route, f"the route {route}", tuple(names_in(path)[0].split(".")))
        for key in self._exclusive:
            found = expand(key, setting, route=False)
            if found is not None:
                yield Claim(found, f"`{found}`", tuple(names_in(key)[0].split(".")))


def look_up(settings: Any, name: str, defaults: Mapping[str, Any] | None = None) -> Any:
    """Return a setting by its dotted name, else its default at the top; None where it is no plain value."""
    value: Any = settings
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if value is None and defaults is not None:
        value = defaults.get(name)
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None
