"""Names that say that a secret stands beside them. Pure; what shows a part of somebody's file asks."""

import re
from typing import Final

from reconciler.model.json import Path

_WORDS: Final = frozenset({
    "apikey", "auth", "authorization", "bearer", "cookie", "cookies", "credential", "credentials", "dsn", "key", "keys",
    "pass", "passphrase", "passwd", "password", "private", "pwd", "secret", "secrets", "token", "tokens",
})  # fmt: skip
_PARTS: Final = (
    "token",
    "passw",
    "passphrase",
    "secret",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "authoriz",
)
_HARMLESS: Final = frozenset({"thread_key"})
"""Keys of the envelope that only sound so."""
_GLUED: Final = re.compile(r"([^:=\s]+)(\s*[:=]|\s)")
_SPLIT: Final = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


def sounds_secret(name: str) -> bool:
    """Whether a key of this name may hold a secret, whatever a schema says: `botToken`, `api-key`, `Authorization`."""
    if name in _HARMLESS:
        return False
    words = [word.lower() for word in _SPLIT.split(name)]
    return not _WORDS.isdisjoint(words) or any(part in "".join(words) for part in _PARTS)


def shown_key(key: str) -> str:
    """Return a key as it may be shown: `token:abc`, where a space is missing, only up to its colon.

    Whatever its name: another integration may have a secret at it.
    """
    glued = _GLUED.match(key)
    return f"{glued[1]}{glued[2].strip() or ' '}…" if glued else key


def without_glued(key: str) -> str:
    """Return what of a key stands before a colon, an equals sign or a space in it: what was meant to be the key."""
    glued = _GLUED.match(key)
    return glued[1] if glued else key


def shown_path(path: Path) -> Path:
    """Return a place in a document with each of its keys as it may be shown."""
    return tuple(shown_key(part) if isinstance(part, str) else part for part in path)
