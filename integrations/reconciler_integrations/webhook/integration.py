"""The webhook integration: one HTTP request for each event, to any destination."""

import json
from typing import Any

from reconciler.sdk import (
    ClientCertificate,
    Event,
    EventHook,
    Integration,
    IntegrationConfig,
    Secret,
    raise_for_delivery,
    render_template,
)
from reconciler_integrations._delivery import delivery_id
from reconciler_integrations.webhook.settings import WebhookSettings
from reconciler_integrations.webhook.signing import signature_headers

_CLOUDEVENT = "application/cloudevents+json"


class WebhookIntegration(Integration):
    """Delivers by HTTP; every event that its configurations ask for."""

    integration_id = "webhook"
    Settings = WebhookSettings

    def initialize(self) -> None:
        """Take deliveries."""
        EventHook(self, self.deliver)

    async def deliver(self, event: Event, config: IntegrationConfig[WebhookSettings]) -> None:
        """Send one request; raises TransientError or TerminalError after what the destination answered."""
        settings = config.settings
        key = delivery_id(event, config)
        body = _body(event, config)
        headers: dict[str, str | Secret] = {"idempotency-key": key}
        if body:
            usual = _CLOUDEVENT if settings.body is None else "application/json"
            headers["content-type"] = settings.content_type or usual
        headers |= {name.lower(): value for name, value in settings.headers.items()}
        now = self.clock.time()
        if settings.signing_secret is not None:
            headers |= signature_headers(settings.signing_secret, key, int(now), body)
        response = await self.http.request(
            settings.method, settings.url, headers=headers, content=body or None, timeout=settings.timeout,
            proxy=settings.proxy, **_tls(settings),
        )  # fmt: skip
        raise_for_delivery(response, now=now)


def _body(event: Event, config: IntegrationConfig[WebhookSettings]) -> bytes:
    """Return the rendered body, or the event as a CloudEvent; a GET without a body of its own has none."""
    settings = config.settings
    if settings.body is not None:
        return render_template(settings.body, event, config, name="settings.body").encode()
    if settings.method == "GET":
        return b""
    return json.dumps(event.as_json(), ensure_ascii=False, separators=(",", ":")).encode()


def _tls(settings: WebhookSettings) -> dict[str, Any]:
    tls = settings.tls
    own = tls.certificate_file if tls is not None else None
    ca_file = tls.ca_file if tls is not None else None
    return {
        "client_certificate": ClientCertificate(own, tls.key_file) if tls is not None and own is not None else None,
        "verify": (ca_file or True) if settings.verify else False,
    }
