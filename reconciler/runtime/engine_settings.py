"""How an engine runs: plain values, made by the composition root."""

from dataclasses import dataclass, field
from pathlib import Path

from reconciler.core.guard import PruneLimit


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`watch` follows the file system; `deliver` routes and sends events (off for one pass)."""

    root: Path
    state_dir: Path
    prune_limit: PruneLimit = field(default_factory=PruneLimit)
    watch: bool = True
    deliver: bool = True
