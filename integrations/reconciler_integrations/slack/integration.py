"""The Slack integration: posts each message with the Web API, or through an incoming webhook."""

from typing import Any
from uuid import UUID

from reconciler.sdk import Event, EventHook, Integration, IntegrationConfig, Secret
from reconciler_integrations._delivery import delivery_id
from reconciler_integrations.slack.answers import check_api_answer, check_webhook_answer
from reconciler_integrations.slack.payload import build_payload
from reconciler_integrations.slack.settings import SlackSettings


class SlackIntegration(Integration):
    """Delivers to Slack; every event that its configurations ask for."""

    integration_id = "slack"
    Settings = SlackSettings

    def initialize(self) -> None:
        """Take deliveries."""
        EventHook(self, self.deliver)

    async def deliver(self, event: Event, config: IntegrationConfig[SlackSettings]) -> None:
        """Post one message; raises TransientError or TerminalError after what Slack answered."""
        settings = config.settings
        payload = build_payload(self.render(event, config))
        now = self.clock.time()
        if settings.webhook_url is not None:
            check_webhook_answer(await self.http.request("POST", settings.webhook_url, json=payload), now=now)
            return
        response = await self.http.request(
            "POST",
            f"{settings.api_url.rstrip('/')}/chat.postMessage",
            headers={"content-type": "application/json; charset=utf-8", **_authorization(settings)},
            json={**payload, **_sender(settings), "client_msg_id": str(UUID(delivery_id(event, config)))},
        )
        check_api_answer(response, now=now)


def _authorization(settings: SlackSettings) -> dict[str, Any]:
    assert settings.bot_token is not None
    return {"authorization": Secret(f"Bearer {settings.bot_token.reveal()}")}


def _sender(settings: SlackSettings) -> dict[str, Any]:
    """Return where the message goes and under whose name, as `chat.postMessage` takes it."""
    names = ("channel", "username", "icon_emoji", "icon_url")
    return {name: getattr(settings, name) for name in names if getattr(settings, name) is not None}
