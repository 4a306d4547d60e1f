"""How an engine is to be built: plain values, as the command line and hosts give them."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from reconciler.config.revealed import Revealed
from reconciler.config.tree.memory import Ages


class EngineOptions(Struct, frozen=True):
    """Everything that decides how an engine runs. Durations are in seconds; networks are CIDR texts."""

    root: Path
    state_dir: Path
    listen: str | None = None
    integrations: tuple[str, ...] | None = None
    secrets_dir: Path = Path("/run/secrets")
    allow_plaintext_secrets: bool = False
    prune_limit: str = "10%"
    allow_network: tuple[str, ...] = ()
    deny_network: tuple[str, ...] = ()
    token_file: Path | None = None
    grace: float = 25.0
    allowed_hosts: tuple[str, ...] = ()
    role: str = "auto"
    """What the process is to be where several share the state directory: `auto`, `runner` or `worker`."""
    standby: bool = False
    """Whether a daemon waits for the runner that there is to end, instead of refusing to start."""
    defer: Callable[[Callable[[], None]], object] | None = None
    """Where what is published inside a transaction waits, such as `django.db.transaction.on_commit`."""
    ages: Ages = field(default_factory=Ages)
    """How long files must have been unchanged before they are read, and believed at the next start."""
    together_from: int = 2
    """From how many configurations on they are worked on together; fewer go one by one, which comes to the same."""
    revealed: Revealed = field(default_factory=Revealed)
    """Hears of every value of a secret that code reveals, and takes it out of what is told."""
