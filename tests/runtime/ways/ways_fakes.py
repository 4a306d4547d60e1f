"""Integrations of every kind, and what their code gets to see."""

from pydantic import BaseModel, ConfigDict, model_validator

from reconciler.sdk import EventHook, Integration, ResourceHook, Secret, TerminalError, TransientError


class Settings(BaseModel):
    """Odd numbers do not fit, which only the code knows; 66 breaks it."""

    model_config = ConfigDict(extra="forbid")
    number: int = 0
    channel: str = "#none"
    token: Secret | None = None

    @model_validator(mode="after")
    def _even(self):
        if self.number == 66:
            raise RuntimeError("broken")
        if self.number % 2:
            raise ValueError("an odd number")
        return self


def make_classes(calls, received):
    """Return integrations of every kind.

    `typed` and `bare` hear nothing of single configurations; `hears` does, and has effects outside the process; `late`
    is up at the second attempt, `down` never.
    """

    attempts = []

    class Typed(Integration):
        integration_id = "typed"
        Settings = Settings
        events = ("note",)
        default_settings = {"channel": "#default"}

        def initialize(self):
            EventHook(self, self.deliver)

        def deliver(self, event, config):
            received.append((config.id, event.id, repr(self.render(event, config)), settings_of(config)))
            if config.get("channel") == "#full":
                raise TerminalError("it is full")

    class Bare(Typed):
        integration_id = "bare"

    class Hears(Typed):
        integration_id = "hears"

        def config_enabled(self, config):
            calls.append(("enabled", config.id, settings_of(config)))
            if config.get("number") == 4:
                raise TerminalError("four")
            ensure, remove = lambda: {"of": config.id}, lambda handle: calls.append(("remove", handle))
            ResourceHook(config, config.get("channel", "none"), ensure, remove)

        def config_disabled(self, config):
            calls.append(("disabled", config.id, settings_of(config)))

    class Late(Typed):
        integration_id = "late"

        def initialize(self):
            super().initialize()
            if not attempts.append(self) and len(attempts) % 2:
                raise TransientError("not yet", retry_after=20)

    class Down(Typed):
        integration_id = "down"

        def initialize(self):
            raise TerminalError("never up")

    Bare.Settings = None
    return [Typed, Bare, Hears, Late, Down]


def settings_of(config):
    """Return the settings that code gets, secrets in plain text."""
    found = config.settings.model_dump() if isinstance(config.settings, BaseModel) else dict(config.settings)
    return {key: ("revealed", one.reveal()) if isinstance(one, Secret) else one for key, one in found.items()}
