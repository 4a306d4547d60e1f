"""Which keys hold secrets in a file, by its bytes alone: those that the schemas say `writeOnly` of.

Reports ask before they show a line of a file. What the file says of its integration decides which schemas are read;
where it cannot be read, or says nothing, all that are installed, within bounds.
"""

import re
from collections.abc import Mapping
from typing import Final

from reconciler.config.catalogue import Catalogue
from reconciler.config.explain.secrets import takes_secret
from reconciler.config.schemas.files import is_secret
from reconciler.config.schemas.walk import everywhere
from reconciler.model.errors import ReconcileError

_MOST: Final = 200
_INTEGRATION = re.compile(
    rb"""^[ \t\r\f\v"'{-]*integration["']?\s*[:=]\s*["']?([a-z0-9][a-z0-9._-]{0,62})""", re.MULTILINE
)


class SecretKeys:
    """The names of keys that hold secrets, by integration, each looked up once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def __call__(self, data: bytes, *, judged: bool) -> frozenset[str]:
        """Return the keys that hold secrets in the configurations of a file, as far as its bytes tell.

        Where nobody has judged its settings, they may be any integration's, and a key counts beneath which a secret may
        stand somewhere.
        """
        ids = self._catalogue.ids()
        named = sorted({found.decode() for found in _INTEGRATION.findall(data)} & set(ids))
        if judged and named:
            return frozenset().union(*(self._of(one)[0] for one in named[:_MOST]))
        return frozenset().union(*(self._of(one)[1] for one in [*named, *ids][:_MOST]))

    def _of(self, integration_id: str) -> tuple[frozenset[str], frozenset[str]]:
        if integration_id not in self._known:
            self._known[integration_id] = self._learn(integration_id)
        return self._known[integration_id]

    def _learn(self, integration_id: str) -> tuple[frozenset[str], frozenset[str]]:
        try:
            schema = self._catalogue.descriptor(integration_id).schema or {}
        except ReconcileError:
            return frozenset(), frozenset()
        found = [
            (key, item)
            for one in everywhere(schema)
            for key, item in (one.get("properties") or {}).items()
            if isinstance(item, Mapping) and any(is_secret(part) for part in everywhere(item))
        ]
        return frozenset(key for key, item in found if takes_secret(item)), frozenset(key for key, _ in found)
