"""Secret references in settings: where they stand, and settings with something else in their places. Pure.

`secrets.py` resolves them; a trial of secrets and a rehearsal put in what they need.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.model.json import Path


def references(settings: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every mapping in `settings` that has the key `secret`, well formed or not, with its place."""
    if isinstance(settings, dict):
        if "secret" in settings:
            yield path, settings
        for key, item in settings.items():
            if isinstance(item, dict | list):
                yield from references(item, (*path, key))
    elif isinstance(settings, list):
        for index, item in enumerate(settings):
            yield from references(item, (*path, index))


def filled(settings: Any, values: Mapping[Path, str], wrap: Callable[[str], Any] = str, path: Path = ()) -> Any:
    """Return `settings` with what `wrap` makes of a text at each place that `values` names."""
    if path in values:
        return wrap(values[path])
    if isinstance(settings, Mapping):
        return {key: filled(item, values, wrap, (*path, key)) for key, item in settings.items()}
    if isinstance(settings, list):
        return [filled(item, values, wrap, (*path, index)) for index, item in enumerate(settings)]
    return settings
