"""Counts are of what is derived: however they are kept, they are what deriving each state anew gives."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.compose.catalogue import build_catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator
from reconciler.core.in_force.derive import config_state
from reconciler.core.in_force.lastgood import Effective
from reconciler.core.in_force.override import NOTHING, Imposed
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.override import Override, OverrideKind, Selector
from reconciler.model.state import ConfigState, StateReason
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.loop.world import Failure, World
from reconciler.runtime.telling.state_counts import StateCounts, is_amiss
from reconciler.runtime.telling.statuses import Registered

OVERRIDES = [Imposed((Override(1, kind, Selector(), "alice", "", 0.0),)) for kind in OverrideKind]
DOCUMENTS = [ConfigDocument({"enabled": number > 0}, f"{number}") for number in range(3)]
GENERATIONS = [Generation(document, None, None, None, ()) for document in DOCUMENTS]
FAILURE = Failure("0", StateReason.ERROR, "", None)
VALID = Desired("", Presence.VALID)
WANTS = st.builds(
    Effective,
    st.just(VALID),
    st.sampled_from([None, *DOCUMENTS]),
    st.sampled_from([StateReason.NONE, StateReason.NONE, StateReason.HELD, StateReason.SUSPENDED]),
    st.sampled_from([True, True, False]),
    st.sampled_from([False, False, True]),
)
STEPS = st.tuples(
    st.sampled_from([f"{integration}/{name}" for integration in "ij" for name in "abc"]),
    st.none() | WANTS,
    st.sampled_from([None, *GENERATIONS]),
    st.sampled_from([None, None, FAILURE]),
    st.sampled_from(["", "", "1", "2"]),
    st.sampled_from([NOTHING, Imposed(), *OVERRIDES]),
)


def step(world, key, want, generation, failure, lacks, imposed):
    """Have the engine do something with a configuration, or forget it."""
    if want is None:
        world.forget(key)
        return
    record = world.set_effective(replace(want, desired=replace(want.desired, id=key)))
    record.failure, record.lacks, record.imposed = failure, lacks, imposed
    world.set_generation(record, generation)


def derived(world):
    """What each record says by itself: how many are in each state, and which are stale though nobody suspended them."""
    states = {key: config_state(record.effective, record.observed) for key, record in world.configs.items()}
    counted = Counter(state.state for state in states.values())
    return {state.value: counted[state] for state in ConfigState}, sorted(k for k, s in states.items() if is_amiss(s))


def counted(counts):
    states, _, stale = counts.counts()
    assert len(counts.stale()) == stale
    return states, counts.stale()


@given(st.lists(STEPS, max_size=30), st.lists(st.lists(STEPS, max_size=3), max_size=5))
def test_counts_are_what_is_derived(many, few):
    """`few` are steps between two counts, of which the first follows on `many`."""
    world, catalogue = World(None), build_catalogue(())
    for number in range(40):  # among so few others, three that have changed are counted by themselves
        step(world, f"k/{number}", Effective(VALID, DOCUMENTS[1]), GENERATIONS[1], None, "", NOTHING)
    registered = Registered(catalogue, Validator(catalogue, secrets=SecretResolver(Path("secrets"), {})), 0.0)
    kept, whole = StateCounts(world, registered, small=0), StateCounts(world, registered)
    for steps in [many, *few]:
        for one in steps:
            step(world, *one)
        assert counted(kept) == derived(world) == counted(whole)
