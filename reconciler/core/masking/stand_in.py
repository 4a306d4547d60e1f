"""What stands for an exception whose text holds a secret, wherever it is told: a message, a status, a traceback. Pure.

The original is left as it is, for the code that raised it may still hold it. What others get is of the same kind, so
that it steers the engine alike and is caught alike, and keeps the places of its traceback, which show lines of source
and no values. Its notes and what it came from are looked through as well.
"""

from collections.abc import Callable
from typing import Any, Final

from reconciler.model.errors import TerminalError

_MOST: Final = 100
"""How many exceptions that hang together are looked through; the rest of a longer chain is cut off."""
Masking = Callable[[str], str]


def without_secrets(error: BaseException, masked: Masking) -> BaseException:
    """Return `error`, or what stands for it where a secret is in its text, its notes or what it came from."""
    return error if _is_clean(error, masked) else _Copying(masked).of(error)


def _is_clean(error: BaseException, masked: Masking) -> bool:
    """Whether no secret hangs on an exception, as far as can be seen: what is not looked through is not clean."""
    todo, seen = [error], {id(error)}
    while todo:
        one = todo.pop()
        if any(masked(text) != text for text in (_text(one), *_notes(one))):
            return False
        found = [*_parts(one), one.__cause__, one.__context__]
        fresh = [other for other in found if other is not None and id(other) not in seen]
        seen.update(map(id, fresh))
        todo += fresh
        if len(seen) > _MOST:
            return False
    return True


class _Copying:
    """Copies what hangs together, each exception once; one that leads back to itself ends there."""

    def __init__(self, masked: Masking) -> None:
        self._masked = masked
        self._begun: set[int] = set()

    def of(self, error: BaseException) -> BaseException:
        """Return what stands for `error`."""
        self._begun.add(id(error))
        parts = [self.of(one) for one in _parts(error) if self._is_next(one)]
        stand_in = _like(error, self._masked, parts).with_traceback(error.__traceback__)
        stand_in.__cause__ = self._link(error.__cause__)
        stand_in.__context__ = self._link(error.__context__)
        stand_in.__suppress_context__ = error.__suppress_context__
        for note in _notes(error):
            stand_in.add_note(self._masked(note))
        return stand_in

    def _link(self, error: BaseException | None) -> BaseException | None:
        return self.of(error) if error is not None and self._is_next(error) else None

    def _is_next(self, error: BaseException) -> bool:
        return id(error) not in self._begun and len(self._begun) < _MOST


def _like(error: BaseException, masked: Masking, parts: list[BaseException]) -> BaseException:
    """Return an exception of a subclass of `error`'s class that is called the same and says what may be told."""
    kind, told = type(error), masked(_text(error))
    body = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__str__": lambda _: told,
        "__repr__": lambda _: f"{kind.__name__}({told!r})",
    }
    try:
        stand_in = _made(type(kind.__name__, (kind,), body), error, masked, parts)
    except Exception:  # noqa: BLE001 — a class may refuse to be derived from, or to be made so
        base = TerminalError if isinstance(error, TerminalError) else Exception
        stand_in = type(kind.__name__, (base,), body)()
    stand_in.args = (told,)
    return stand_in


def _made(kind: Any, error: BaseException, masked: Masking, parts: list[BaseException]) -> BaseException:
    """Make an exception without its class's own code, with the attributes of `error`: code may ask for them."""
    built_in: Any = next(base for base in kind.__mro__ if base.__module__ == "builtins" and base is not kind)
    arguments = (masked(error.message), parts) if isinstance(error, BaseExceptionGroup) else ()
    stand_in: BaseException = built_in.__new__(kind, *arguments)
    stand_in.__dict__.update({name: value for name, value in vars(error).items() if name != "__notes__"})
    return stand_in


def _parts(error: BaseException) -> tuple[BaseException, ...]:
    return error.exceptions if isinstance(error, BaseExceptionGroup) else ()


def _notes(error: BaseException) -> list[str]:
    return [_text(note) for note in getattr(error, "__notes__", ())]


def _text(value: object) -> str:
    try:
        return str(value)
    except BaseException:  # noqa: BLE001 — its `__str__` is anybody's code, and nobody may wait for what it raises
        return ""
