"""The settings of the Slack integration; `schema.json` is generated from them."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from reconciler.sdk import Secret
from reconciler_integrations._settings import SECRET_URL_PATTERN, URL_PATTERN, StrictSettings

CHANNEL_PATTERN = r"^(#[^\s#@]+|@[^\s#@]+|[CDGUW][A-Z0-9]{6,20})$"
"""How long a name may be is said beside it: to compile `[^…]{1,80}` takes ten times as long as `[^…]+`."""


class SlackSettings(StrictSettings):
    """How messages reach Slack: with a bot token and a channel, or with an incoming webhook."""

    model_config = ConfigDict(
        title="Slack settings",
        json_schema_extra={
            "oneOf": [
                {"title": "with a bot token", "required": ["bot_token"]},
                {"title": "with an incoming webhook", "required": ["webhook_url"]},
            ],
            "dependentRequired": {"bot_token": ["channel"]},
        },
    )

    bot_token: Annotated[
        Secret | None,
        Field(
            description="The app's bot token (xoxb-…), with the scope chat:write; needs channel.",
            json_schema_extra={"pattern": r"^[!-~]+$"},
        ),
    ] = None
    channel: Annotated[
        str | None,
        Field(
            pattern=CHANNEL_PATTERN,
            max_length=81,
            description="Where messages go: #name, @name, or the id of a channel, conversation or person.",
            examples=["#builds", "@ada", "C0123ABCD"],
        ),
    ] = None
    webhook_url: Annotated[
        Secret | None,
        Field(
            description="An incoming webhook's address (https://hooks.slack.com/services/…); it is a credential.",
            json_schema_extra={"pattern": SECRET_URL_PATTERN},
        ),
    ] = None
    username: Annotated[
        str | None,
        Field(min_length=1, max_length=80, description="The name to post under; needs chat:write.customize."),
    ] = None
    icon_emoji: Annotated[
        str | None,
        Field(
            pattern=r"^:[^:\s]+:$",
            max_length=102,
            description="An emoji in place of the app's icon.",
            examples=[":bell:"],
        ),
    ] = None
    icon_url: Annotated[
        str | None,
        Field(
            pattern=URL_PATTERN,
            max_length=2048,
            description="An image in place of the app's icon.",
            json_schema_extra={"format": "uri"},
        ),
    ] = None
    api_url: Annotated[
        str,
        Field(
            pattern=URL_PATTERN,
            max_length=2048,
            description="The base of the Web API, where a proxy stands before it.",
            json_schema_extra={"format": "uri"},
        ),
    ] = "https://slack.com/api"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.bot_token is None) == (self.webhook_url is None):
            raise ValueError("set either bot_token with channel, or webhook_url")
        if self.bot_token is not None and self.channel is None:
            raise ValueError("bot_token needs channel: #name, @name or an id such as C0123ABCD")
        return self
