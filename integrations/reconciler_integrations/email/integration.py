"""The email integration: one mail for each event, through an SMTP server."""

from reconciler.sdk import Event, EventHook, Integration, IntegrationConfig
from reconciler_integrations._delivery import delivery_id
from reconciler_integrations.email.mail import build_mail
from reconciler_integrations.email.settings import EmailSettings
from reconciler_integrations.email.transport import send


class EmailIntegration(Integration):
    """Delivers by mail; every event that its configurations ask for."""

    integration_id = "email"
    Settings = EmailSettings

    def initialize(self) -> None:
        """Take deliveries."""
        EventHook(self, self.deliver)

    def deliver(self, event: Event, config: IntegrationConfig[EmailSettings]) -> None:
        """Send one mail, from a worker thread; raises TransientError or TerminalError after the server's answer."""
        mail = build_mail(self.render(event, config), config.settings, delivery_id(event, config), self.clock.time())
        refused = send(mail, config.settings, self.http)
        if refused:
            self.log.warning("%s: %d of the recipients were refused", config.id, len(refused))
