"""The console integration: prints each message where the daemon runs."""

import sys
from collections.abc import Iterator

from reconciler.sdk import Event, EventHook, Integration, IntegrationConfig, Message, TransientError
from reconciler_integrations.console.settings import ConsoleSettings


class ConsoleIntegration(Integration):
    """Delivers to a stream of this process; every event that its configurations ask for."""

    integration_id = "console"
    Settings = ConsoleSettings

    def initialize(self) -> None:
        """Take deliveries."""
        EventHook(self, self.deliver)

    def deliver(self, event: Event, config: IntegrationConfig[ConsoleSettings]) -> None:
        """Print one message in one write; raises TransientError when the stream is closed."""
        prefix = config.settings.prefix
        text = "".join(f"{prefix}{line}\n" for line in _lines(self.render(event, config), config.name))
        stream = sys.stderr if config.settings.stream == "stderr" else sys.stdout
        encoding = stream.encoding or "utf-8"
        try:
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            raise TransientError(f"cannot write to {config.settings.stream}: {error}") from error


def _lines(message: Message, name: str) -> Iterator[str]:
    """Yield what is printed, a line at a time, without characters that would steer a terminal."""
    author = f" ({message.author})" if message.author else ""
    yield _plain(f"[{name}] {message.severity.value}: {message.title}{author}")
    for line in message.text.splitlines():
        yield _plain(f"    {line}")
    short = [f"{field.title}: {field.value}" for field in message.fields if field.short]
    if short:
        yield _plain(f"    {' | '.join(short)}")
    for field in message.fields:
        if not field.short:
            yield _plain(f"    {field.title}: {field.value}")
    for address in (message.url, message.image):
        if address:
            yield _plain(f"    {address}")


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line).rstrip()
