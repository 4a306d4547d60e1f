"""The secrets that a configuration knows: values of references, and literals that were let pass in their place.

Asked when its version is made, so that what its code hands back to be kept can be looked through for them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.config.secrets import Resolved
from reconciler.model.config import ConfigDocument
from reconciler.model.json import Path
from reconciler.model.secret import Secret


def known_secrets(document: ConfigDocument, resolved: Resolved) -> tuple[Secret, ...]:
    """Return the secrets in the settings of a document; `resolved` are these with the values of references."""
    return (*resolved.secrets, *_literals(document)) if document.literals else resolved.secrets


def _literals(document: ConfigDocument) -> Iterator[Secret]:
    """Yield what stands at, or beneath, the places of literals."""
    for place in document.literals:
        yield from (Secret(text) for text in _texts(_at(document.raw, place)))


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
