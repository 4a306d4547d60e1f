"""How an engine runs: plain values, made by the composition root."""

from pathlib import Path

from msgspec import Struct, field

from reconciler.core.plan.guard import PruneLimit
from reconciler.runtime.delivery.publisher import Defer
from reconciler.runtime.state.state_directory import Wish


class EngineSettings(Struct, frozen=True):
    """`watch` follows the file system; `deliver` routes and sends events (off for one pass).

    `role` is what it wishes to be among the processes that share the state directory; `defer` is where what is
    published inside a transaction waits for its commit.
    """

    root: Path
    state_dir: Path
    prune_limit: PruneLimit = field(default_factory=PruneLimit)
    watch: bool = True
    deliver: bool = True
    role: Wish = Wish.RUNNER
    defer: Defer | None = None
