"""`reconcile` without --watch: one pass in a throwaway state directory, which tries a deployment out."""

import tempfile
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.compose.build import build_engine
from reconciler.compose.options import EngineOptions
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Outcome, OutcomeStatus, Plan
from reconciler.model.state import ConfigStatus
from reconciler.runtime.listener import Listener


class OnceReport(Struct, frozen=True):
    """What one pass found and did. `exit_code` is 1 when anything was wrong."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    diagnostics: tuple[Diagnostic, ...]
    configs: tuple[ConfigStatus, ...]
    exit_code: int


def run_once(options: EngineOptions) -> OnceReport:
    """Validate, plan, apply, report, shut down cleanly; no event is sent and nothing is kept.

    Raises RootUnreadable, and what building the engine raises.
    """
    plans: list[Plan] = []
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="reconcile-") as folder:
        throwaway = replace(options, state_dir=Path(folder), listen=None)
        engine = build_engine(
            throwaway, Listener(on_plan=plans.append, on_outcomes=outcomes.extend), watch=False, deliver=False
        )
        engine.start()
        try:
            engine.wait_ready()
            configs = tuple(status for key in engine.config_ids() if (status := engine.config(key)) is not None)
            diagnostics = tuple(engine.diagnostics())
        finally:
            clean = engine.stop(options.grace)
    bad = any(o.status is not OutcomeStatus.APPLIED for o in outcomes) or any(d.is_error for d in diagnostics)
    plan = plans[0] if plans else Plan()
    return OnceReport(plan, tuple(outcomes), diagnostics, configs, 1 if bad or not clean else 0)
