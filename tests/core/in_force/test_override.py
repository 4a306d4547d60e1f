"""What a selector means, and what is in force under a suspension."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.in_force.derive import Observed, config_state
from reconciler.core.in_force.lastgood import effective
from reconciler.core.in_force.override import Imposed, Sending, freeze, imposed, suspended
from reconciler.core.in_force.selector import covers, matches, without
from reconciler.core.plan.diff import LiveConfig, config_action
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.json import digest
from reconciler.model.override import Override, OverrideKind, Selector, parse_span
from reconciler.model.state import ConfigState, StateReason

INTEGRATIONS = st.sampled_from(["slack", "mail"])
IDS = st.builds("{}/{}".format, INTEGRATIONS, st.sampled_from("ab"))
LABELS = st.dictionaries(st.sampled_from(["tier", "team"]), st.sampled_from(["1", "2"]))
SELECTORS = st.builds(Selector.of, st.lists(IDS, max_size=3), LABELS, st.none() | INTEGRATIONS)


def document(key="slack/a", enabled=True, **more):
    integration, name = key.split("/")
    raw = {"integration": integration, "name": name, "enabled": enabled, **more}
    return ConfigDocument(raw, digest(raw))


def in_force(doc, accepted, *, confirmed=False):
    presence = Presence.VALID if doc is not None else Presence.ABSENT
    return effective(Desired("slack/a", presence, doc), accepted, confirmed=confirmed, held=False)


def override(kind=OverrideKind.SUSPEND, selector=None, drop=False):
    return Override(1, kind, selector or Selector(), "alice", "", 0.0, None, drop)


# --- selectors ----------------------------------------------------------------------------------------------------


@given(SELECTORS, IDS, LABELS)
def test_selector_matches_where_each_of_its_parts_does(selector, config_id, labels):
    parts = [Selector(ids=selector.ids), Selector(labels=selector.labels), Selector(integration=selector.integration)]
    assert matches(selector, config_id, labels) == all(matches(part, config_id, labels) for part in parts)


@given(SELECTORS, SELECTORS, IDS, LABELS)
def test_what_a_covered_selector_matches_the_covering_one_does(outer, inner, config_id, labels):
    if covers(outer, inner) and matches(inner, config_id, labels):
        assert matches(outer, config_id, labels)


@given(SELECTORS)
def test_selector_covers_itself_and_everything_covers_it(selector):
    assert covers(selector, selector)
    assert covers(Selector(), selector)


@given(SELECTORS, SELECTORS, IDS, LABELS)
def test_what_is_left_matches_what_was_matched_and_is_not_lifted(selector, lifted, config_id, labels):
    left = without(selector, lifted)
    before, after = matches(selector, config_id, labels), left is not None and matches(left, config_id, labels)
    assert after <= before
    if before and not matches(lifted, config_id, labels):
        assert after


@given(SELECTORS, SELECTORS)
def test_lifting_twice_is_lifting_once(selector, lifted):
    left = without(selector, lifted)
    assert left is None or without(left, lifted) == left


@given(st.lists(IDS, min_size=1, max_size=3), LABELS)
def test_order_and_doubles_make_no_other_selector(ids, labels):
    assert Selector.of(ids, labels) == Selector.of([*reversed(ids), ids[0]], dict(reversed(labels.items())))


def test_selector_is_written_as_on_the_command_line():
    assert str(Selector.of(["slack/b", "slack/a"], {"tier": "1 a"}, "slack")) == (
        "slack/a slack/b -l 'tier=1 a' --integration slack"
    )
    assert str(Selector()) == "--all"


@pytest.mark.parametrize("text", ["2h", "1s", "30d", "1h30m"])
def test_sensible_span_is_taken(text):
    assert parse_span(text) > 0


@pytest.mark.parametrize("text", ["31d", "0s", "1ms", "720h1s", "soon", "", "-1h"])
def test_other_span_is_refused(text):
    with pytest.raises(ValueError, match=r"may be asked for|not a duration"):
        parse_span(text)


# --- suspension ---------------------------------------------------------------------------------------------------

OLD, NEW = document(settings={"n": 1}), document(settings={"n": 2})
OFF = document(enabled=False)


@pytest.mark.parametrize(
    ("what", "file", "accepted", "applied", "kept", "reason"),
    [
        ("as it was", OLD, OLD, OLD, OLD, StateReason.NONE),
        ("changed", NEW, OLD, OLD, OLD, StateReason.SUSPENDED),
        ("changed before, and not started yet", NEW, NEW, OLD, OLD, StateReason.SUSPENDED),
        ("never started, and tried again", NEW, NEW, None, NEW, StateReason.NONE),
        ("disabled", OFF, OLD, OLD, OLD, StateReason.SUSPENDED),
        ("enabled", NEW, OFF, OLD, OFF, StateReason.SUSPENDED),
        ("gone", None, OLD, OLD, OLD, StateReason.SUSPENDED),
    ],
)
def test_suspension_keeps_what_was_in_force(what, file, accepted, applied, kept, reason):
    want = freeze(in_force(file, accepted, confirmed=file is None), accepted, applied)
    assert (want.document, want.stale, want.known) == (kept, reason, True), what


def test_invalid_file_under_a_suspension_says_that_it_is_invalid():
    want = effective(Desired("slack/a", Presence.INVALID), NEW, confirmed=False, held=False)
    frozen = freeze(want, NEW, OLD)
    assert (frozen.document, frozen.stale) == (OLD, StateReason.INVALID)


def test_new_configuration_waits_and_does_nothing():
    want = freeze(in_force(NEW, None), None, None)
    derived = config_state(want, Observed())
    assert (derived.state, derived.reason) == (ConfigState.PENDING, StateReason.SUSPENDED)
    assert config_action("slack/a", want, None) is None
    assert not want.wanted


def test_new_configuration_that_goes_again_is_gone():
    assert not freeze(in_force(None, None, confirmed=True), None, None).known


DOCUMENTS = st.sampled_from([OLD, NEW, OFF])


@given(st.none() | DOCUMENTS, DOCUMENTS.filter(lambda d: d.enabled), st.booleans())
def test_nothing_is_to_be_done_for_what_runs(file, running, confirmed):
    want = freeze(in_force(file, running, confirmed=confirmed), running, running)
    assert config_action("slack/a", want, LiveConfig(running)) is None


@given(st.none() | DOCUMENTS, st.none() | DOCUMENTS, st.none() | DOCUMENTS)
def test_freezing_again_changes_nothing(file, accepted, applied):
    once = freeze(in_force(file, accepted), accepted, applied)
    assert freeze(once, accepted, applied) == once


@pytest.mark.parametrize(("file", "accepted"), [("1", "2"), ("2", "1"), ("1", None), (None, "1"), ("1", "1")])
def test_label_holds_as_it_is_and_as_it_is_asked_for(file, accepted):
    docs = [document(labels={"tier": tier}) if tier else None for tier in (file, accepted)]
    assert suspended([override(selector=Selector.of(labels={"tier": "1"}))], "slack/a", *docs)


def test_label_of_nobody_suspends_nobody():
    assert not suspended([override(selector=Selector.of(labels={"tier": "1"}))], "slack/a", OLD, None)


def test_pause_goes_by_the_labels_in_force():
    tiers = {tier: document(labels={"tier": tier}) for tier in "12"}
    pause = override(OverrideKind.PAUSE, Selector.of(labels={"tier": "2"}))
    frozen = freeze(in_force(tiers["2"], tiers["1"]), tiers["1"], tiers["1"])
    assert imposed([pause], frozen, tiers["1"]) == Imposed()
    assert imposed([pause], in_force(tiers["2"], tiers["1"]), tiers["2"]).sending is Sending.HOLD


@pytest.mark.parametrize(
    ("drops", "sending"),
    [([], Sending.SEND), ([False], Sending.HOLD), ([True], Sending.DROP), ([True, False], Sending.HOLD)],
)
def test_pause_that_keeps_wins_over_one_that_drops(drops, sending):
    assert Imposed(tuple(override(OverrideKind.PAUSE, drop=drop) for drop in drops)).sending is sending
