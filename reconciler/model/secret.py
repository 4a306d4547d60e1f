"""Secrets: references as files hold them, and values as a type that cannot be shown by accident."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NoReturn

from msgspec import Struct

MASK: Final = "**********"
"""What stands for a secret wherever one would be shown."""
MASKED: Final = "***"
"""What stands for a value that was found in a text: shorter, so that one sees that somebody had revealed it."""

SHORTEST: Final = 6
"""A value that is shorter is not looked for in texts: it would be found by chance."""


class SecretRef(Struct, frozen=True):
    """`{secret: "scheme:path", format: "Bearer {}"}` as written in a file."""

    scheme: str
    path: str
    template: str = "{}"

    @property
    def uri(self) -> str:
        """The reference as the file writes it, `scheme:path`; it holds no value."""
        return f"{self.scheme}:{self.path}"

    @classmethod
    def parse(cls, value: object) -> "SecretRef | None":
        """Return the reference that `value` is, or None when it is not of the form of one."""
        if type(value) is not dict and not isinstance(value, Mapping):  # asking for the type first: it is hot
            return None
        if len(value) == 1:  # as nearly all are
            uri = value.get("secret")
            return _reference(uri, "{}") if isinstance(uri, str) else None
        if len(value) != 2:
            return None
        uri, template = value.get("secret"), value.get("format")
        if not isinstance(uri, str) or not isinstance(template, str) or template.count("{}") != 1:
            return None
        return _reference(uri, template)


@lru_cache(1000)
def _reference(uri: str, template: str) -> SecretRef | None:
    """Return one object for all who write the same."""
    scheme, colon, path = uri.partition(":")
    return SecretRef(scheme, path, template) if colon and scheme and path else None


class Secret:
    """A resolved secret. It shows itself as a mask everywhere; only `reveal()` gives the value.

    It refuses to be pickled, so that it cannot leave the process unnoticed. Two are equal when their values are.
    `witness` hears of the first `reveal()`; what it returns is held as long as the secret.
    """

    __slots__ = ("_lease", "_value", "_witness")

    def __init__(self, value: str, witness: Callable[[str], object] | None = None) -> None:
        self._value = value
        self._witness = witness

    def reveal(self) -> str:
        """Return the value, for the one call that needs it."""
        witness = self._witness
        if witness is not None:
            self._lease = witness(self._value)
            self._witness = None  # last: whoever sees None may use the value
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: send its reference instead")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let pydantic take a `Secret`, or a string at the place of one, and publish `writeOnly: true`."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(lambda _: MASK)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "writeOnly": True, "minLength": 1}

    @classmethod
    def _validate(cls, value: object) -> "Secret":
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return cls(value)
        raise ValueError("expected a secret reference")
