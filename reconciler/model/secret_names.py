"""Names that say that a secret stands beside them. Pure; what shows a part of somebody's file asks."""

import re
from typing import Final

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
_SPLIT: Final = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


def sounds_secret(name: str) -> bool:
    """Whether a key of this name may hold a secret, whatever a schema says: `botToken`, `api-key`, `Authorization`."""
    if name in _HARMLESS:
        return False
    words = [word.lower() for word in _SPLIT.split(name)]
    return not _WORDS.isdisjoint(words) or any(part in "".join(words) for part in _PARTS)
