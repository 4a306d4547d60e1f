"""The settings of the email integration; `schema.json` is generated from them."""

from email.errors import HeaderParseError
from email.headerregistry import Address as HeaderAddress
from email.utils import parseaddr
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from reconciler.sdk import Secret
from reconciler_integrations._settings import PATH_PATTERN, StrictSettings, Timeout

_BARE = r'[^\s<>()\[\]\\"@,;:\x00-\x1f\x7f]'
_ADDRESS = f"{_BARE}{{1,64}}@{_BARE}{{1,255}}"
ADDRESS_PATTERN = rf'^({_ADDRESS}|[^<>"\x00-\x1f\x7f]{{1,200}} <{_ADDRESS}>)$'
"""`address` or `Name <address>`, on one line."""

Address = Annotated[str, Field(pattern=ADDRESS_PATTERN, max_length=320)]


class EmailSettings(StrictSettings):
    """Through which server mail goes, from whom and to whom."""

    model_config = ConfigDict(
        title="Email settings",
        json_schema_extra={
            "dependentRequired": {"username": ["password"], "password": ["username"]},
            "if": {"properties": {"security": {"const": "none"}}, "required": ["security"]},
            "then": {"properties": {"username": False, "password": False}},
        },
    )

    host: Annotated[
        str,
        Field(
            pattern=r"^[^\s/:@]+$|^\[?[0-9a-fA-F:.]+\]?$",
            max_length=255,
            description="The SMTP server.",
            examples=["smtp.example.com"],
        ),
    ]
    port: Annotated[
        int | None,
        Field(ge=1, le=65535, description="Its port; 587 with starttls, 465 with tls, 25 with none.", examples=[587]),
    ] = None
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="starttls upgrades the connection or fails, tls begins with it, none sends in the clear."),
    ] = "starttls"
    ca_file: Annotated[
        str | None, Field(pattern=PATH_PATTERN, description="Certificates to trust in place of the system's (PEM).")
    ] = None
    username: Annotated[str | None, Field(min_length=1, max_length=320, description="For signing in.")] = None
    password: Annotated[Secret | None, Field(description="For signing in; a secret reference.")] = None
    sender: Annotated[
        Address,
        Field(alias="from", description="The sender: an address, or Name <address>.", examples=["ci@example.com"]),
    ]
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=50, description="The recipients.")]
    cc: Annotated[tuple[Address, ...], Field(max_length=50, description="Recipients of a copy.")] = ()
    subject_prefix: Annotated[
        str, Field(max_length=100, pattern=r"^[^\r\n]*$", description="What every subject begins with.")
    ] = ""
    timeout: Annotated[
        Timeout,
        Field(
            description="How long sending may take, such as 10s or 500ms; at most 25s.",
            json_schema_extra={"default": "15s"},
        ),
    ] = 15.0

    @field_validator("sender", "to", "cc")
    @classmethod
    def _parsable(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            try:
                HeaderAddress(addr_spec=parseaddr(text)[1])
            except (HeaderParseError, IndexError, ValueError):
                raise ValueError(f"{text!r} is not a mail address") from None
        return value

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and self.security == "none":
            raise ValueError("a password is not sent in the clear: set security to starttls or tls")
        return self
