"""Which state a configuration is in, and why what runs is not what its file asks for."""

import pytest

from reconciler.core.in_force.derive import Derived, Observed, config_state
from reconciler.core.in_force.lastgood import Effective
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.state import ConfigState, StateReason

OLD, NEW = (ConfigDocument({"integration": "slack", "name": "a"}, digest) for digest in ("old", "new"))
NONE, MISSING, FAILED = StateReason.NONE, StateReason.SECRET_MISSING, StateReason.UPDATE_FAILED


def wants(document, stale=NONE):
    return Effective(Desired("slack/a", Presence.VALID, document), document, stale)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Observed(OLD), NONE),
        (Observed(OLD, waiting=MISSING), MISSING),
        (Observed(OLD, waiting=StateReason.INTEGRATION_NOT_READY), NONE),
        (Observed(OLD, failure=StateReason.ERROR), FAILED),
        (Observed(OLD, failure=StateReason.ERROR, waiting=MISSING), FAILED),
        (Observed(NEW, waiting=MISSING), NONE),
        (Observed(NEW, failure=StateReason.ERROR), NONE),
    ],
)
def test_what_runs_is_stale_while_what_is_in_force_cannot_start(seen, reason):
    assert config_state(wants(NEW), seen) == Derived(ConfigState.ACTIVE, reason, reason is not NONE)


def test_what_the_file_itself_is_stale_for_is_told_before_a_missing_secret():
    seen = Observed(OLD, waiting=MISSING)
    assert config_state(wants(NEW, StateReason.INVALID), seen).reason is StateReason.INVALID


def test_paused_version_whose_successor_lacks_a_secret_is_stale():
    seen = Observed(OLD, paused=True, waiting=MISSING)
    assert config_state(wants(NEW), seen) == Derived(ConfigState.PAUSED, MISSING, stale=True)
