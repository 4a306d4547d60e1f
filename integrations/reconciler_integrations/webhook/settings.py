"""The settings of the webhook integration; `schema.json` is generated from them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from reconciler.sdk import Secret
from reconciler_integrations._settings import (
    PATH_PATTERN,
    SECRET_URL_PATTERN,
    URL_PATTERN,
    HeaderValue,
    StrictSettings,
    Timeout,
)

_CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token")
"""Headers that hold nothing but secrets: a literal there is one that somebody wrote into a file."""
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]


def _close_headers(schema: dict[str, Any]) -> None:
    """Allow no other names than those of headers, and references alone where all that stands is a secret."""
    names = ("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name) for name in _CREDENTIALS)
    schema["additionalProperties"] = False
    schema["patternProperties"][f"^({'|'.join(names)})$"] = {"minLength": 1, "type": "string", "writeOnly": True}


class TlsSettings(StrictSettings):
    """Files in PEM form, by absolute path, where the daemon runs; read again when they change."""

    model_config = ConfigDict(json_schema_extra={"dependentRequired": {"key_file": ["certificate_file"]}})

    ca_file: Annotated[
        str | None, Field(pattern=PATH_PATTERN, description="Certificates to trust in place of the system's.")
    ] = None
    certificate_file: Annotated[
        str | None, Field(pattern=PATH_PATTERN, description="The client certificate shown to the destination.")
    ] = None
    key_file: Annotated[
        str | None,
        Field(pattern=PATH_PATTERN, description="Its private key, unencrypted; not needed if certificate_file has it."),
    ] = None


class WebhookSettings(StrictSettings):
    """Where an event goes, in which form, and how the destination knows that it is genuine."""

    model_config = ConfigDict(title="Webhook settings")

    url: Annotated[
        str,
        Field(
            pattern=URL_PATTERN,
            max_length=2048,
            description="The destination, an absolute http or https address; credentials belong into headers.",
            examples=["https://hooks.example.com/builds"],
            json_schema_extra={"format": "uri"},
        ),
    ]
    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Field(description="The HTTP method.")] = "POST"
    headers: Annotated[
        dict[HeaderName, HeaderValue],
        Field(
            default_factory=dict,
            max_length=50,
            json_schema_extra=_close_headers,
            description="Headers to add: strings, or secret references such as {secret: env:TOKEN, format: Bearer {}}.",
        ),
    ]
    body: Annotated[
        str | None,
        Field(
            max_length=16384,
            description="A Jinja2 template of the body; without it the event is sent as a CloudEvent in JSON.",
            json_schema_extra={"x-template": True},
        ),
    ] = None
    content_type: Annotated[
        str | None,
        Field(
            pattern=r"^[!-~][ -~]{0,199}$",
            description="The body's media type; application/json where body is set.",
            examples=["application/x-www-form-urlencoded"],
        ),
    ] = None
    signing_secret: Annotated[
        Secret | None,
        Field(
            description="Signs each request in the manner of Standard Webhooks: whsec_ and base64, or any text.",
            json_schema_extra={"pattern": r"^[!-~]+$"},
        ),
    ] = None
    timeout: Annotated[
        Timeout,
        Field(
            description="How long the whole exchange may take, such as 10s or 500ms; at most 25s.",
            json_schema_extra={"default": "10s"},
        ),
    ] = 10.0
    tls: Annotated[TlsSettings | None, Field(description="Certificates of our own, for mutual TLS.")] = None
    proxy: Annotated[
        Annotated[str, Field(pattern=URL_PATTERN, max_length=2048)]
        | Annotated[Secret, Field(json_schema_extra={"pattern": SECRET_URL_PATTERN})]
        | None,
        Field(description="An HTTP proxy to go through; a secret reference if its address holds a password."),
    ] = None
    verify: Annotated[
        bool, Field(description="Whether the destination's certificate is checked; false is for trying things out.")
    ] = True
