"""Literals that were let pass at the place of a secret: their code gets them as the secrets that they are.

Nothing hears of it when code uses a plain text, so that they are looked for in texts from the start, revealed or not.
Called when a version of a configuration is made.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.config.revealed import Revealed
from reconciler.model.config import ConfigDocument
from reconciler.model.json import Path
from reconciler.model.secret import Secret


def literal_secrets(document: ConfigDocument, revealed: Revealed) -> tuple[Secret, ...]:
    """Return what stands at, or beneath, the places of literals; it is looked for as long as these live."""
    found = [Secret(text, revealed.note) for place in document.literals for text in _texts(_at(document.raw, place))]
    for secret in found:
        secret.reveal()
    return tuple(found)


def with_literals(document: ConfigDocument, settings: Mapping[str, Any], revealed: Revealed) -> Mapping[str, Any]:
    """Return `settings` with a `Secret` for each text that stands at the very place of one, as for a reference."""
    for place in document.literals:
        if isinstance(_at(document.raw, place), str):
            settings = _put(settings, place[1:], revealed)
    return settings


def _put(value: Any, place: Path, revealed: Revealed) -> Any:
    """Return a copy of `value`, as deep as `place` leads, with a `Secret` there."""
    if not place:
        return Secret(value, revealed.note) if isinstance(value, str) else value
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    copy[place[0]] = _put(copy[place[0]], place[1:], revealed)
    return copy


def _at(value: Any, place: Path) -> Any:
    for part in place:
        value = value[part]
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
