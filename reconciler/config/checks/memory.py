"""What was found out about a text, kept for the next document that has the same one: a dict that forgets the oldest."""

from typing import Any, Final

_KEEP: Final = 20_000


def trim(memory: dict[Any, Any]) -> None:
    """Forget the oldest half of what is remembered, once it is too much."""
    if len(memory) >= _KEEP:
        for key in list(memory)[: _KEEP // 2]:
            del memory[key]
