"""How an engine runs: plain values, made by the composition root."""

from dataclasses import dataclass, field
from pathlib import Path

from reconciler.core.plan.guard import PruneLimit
from reconciler.runtime.delivery.publisher import Defer
from reconciler.runtime.state.state_directory import Wish


@dataclass(frozen=True, slots=True)
class EngineSettings:
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
