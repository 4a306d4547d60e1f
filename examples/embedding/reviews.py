"""An integration of a host's own: it hears the host's signal, and speaks where a configuration asks for it."""

from pydantic import BaseModel, ConfigDict

from reconciler.sdk import Event, EventHook, Integration, IntegrationConfig, SignalHook


class ReviewSettings(BaseModel):
    """What one configuration says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    greeting: str = "Published:"


class ReviewIntegration(Integration):
    """Turns the host's signal into an event, and events into entries of the host's log."""

    integration_id = "reviews"
    name = "Reviews"
    events = ("review.published",)
    Settings = ReviewSettings

    signal: object = None
    """The host's signal, blinker's or Django's; set by the host before it registers the class."""

    said: list[str]

    def initialize(self) -> None:
        """The first configuration is enabled: listen to the host, and take events."""
        self.said = []
        SignalHook(self, self.signal, self.on_published)
        EventHook(self, self.deliver)

    def on_published(self, _sender: object = None, review: str = "", **_: object) -> None:
        """Runs in the thread that sent the signal: append an event and return at once."""
        self.publish(Event(type="review.published", source="/reviews", data={"review": review}))

    async def deliver(self, event: Event, config: IntegrationConfig[ReviewSettings]) -> None:
        """Runs for every configuration that the event reaches."""
        text = f"{config.settings.greeting} {event.data['review']}"
        self.log.info("%s", text)
        self.said.append(text)
