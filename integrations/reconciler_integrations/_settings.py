"""Types that the settings of several built-in integrations share. Not an integration; it registers nothing."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from reconciler.sdk import Secret

URL_PATTERN: Final = r"^https?://[^\s/?#@]+([/?#]\S*)?$"
"""An absolute http or https address without a user name or password in it."""
SECRET_URL_PATTERN: Final = r"^https?://[^\s/?#]+([/?#]\S*)?$"  # noqa: S105 - a pattern, not a secret
"""An absolute http or https address; being secret, it may hold a password."""
PATH_PATTERN: Final = r"^/[^\x00]+$"
"""An absolute path of a file."""
_HEADER: Final = r"^[\t -~]*$"
_TIMEOUT: Final = r"^(([1-9]|1[0-9]|2[0-5])s|[1-9][0-9]{1,3}ms)$"


class StrictSettings(BaseModel):
    """Settings that cannot change and take no key that they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return float(value[:-2]) / 1000 if value.endswith("ms") else float(value[:-1])


Timeout = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(ge=0.01, le=25),
    WithJsonSchema({"type": "string", "pattern": _TIMEOUT, "examples": ["10s", "500ms"]}),
]
"""A duration of 10ms to 25s as people write it; in seconds here. A delivery has 30 s in all."""

HeaderValue = (
    Annotated[str, Field(pattern=_HEADER, max_length=4096)]
    | Annotated[Secret, Field(json_schema_extra={"pattern": _HEADER})]
)
"""The value of an HTTP header, in printable ASCII, or a secret reference."""
