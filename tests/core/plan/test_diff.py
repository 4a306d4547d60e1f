"""diff: pure, stable, empty when live equals desired."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.in_force.lastgood import Effective, effective
from reconciler.core.plan.diff import Integrations, LiveConfig, diff
from reconciler.core.plan.update import Transition, changes, transition
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.json import digest
from reconciler.model.plan import ActionKind


def document(key, enabled=True, literals=(), **more):
    integration, name = key.split("/")
    raw = {"integration": integration, "name": name, "enabled": enabled, **more}
    return ConfigDocument(raw, digest(raw), literals)


def wanted(doc):
    return Effective(Desired(doc.id, Presence.VALID, doc, "f.yaml", 1), doc)


def kinds(plan):
    return [(a.kind.value, a.key) for a in plan.actions]


def up(*names, wanted=()):
    return Integrations(wanted=set(wanted), up=set(names))


def test_first_config_initializes_then_starts():
    doc = document("slack/a")
    plan = diff({"slack/a": wanted(doc)}, {}, up(wanted=["slack"]))
    assert kinds(plan) == [("initialize", "slack"), ("start", "slack/a")]


def test_last_config_disabled_stops_then_shuts_down():
    doc = document("slack/a", enabled=False)
    plan = diff({"slack/a": wanted(doc)}, {"slack/a": LiveConfig(document("slack/a"))}, up("slack"))
    assert kinds(plan) == [("stop", "slack/a"), ("shutdown", "slack")]


def test_changed_id_removes_before_it_starts():
    new, old = document("slack/b"), document("slack/z")
    plan = diff({"slack/b": wanted(new)}, {"slack/z": LiveConfig(old)}, up("slack", wanted=["slack"]))
    assert kinds(plan) == [("remove", "slack/z"), ("start", "slack/b")]


def test_changed_settings_update_and_name_the_field():
    old, new = document("slack/a", settings={"channel": "#a"}), document("slack/a", settings={"channel": "#b"})
    (action,) = diff({"slack/a": wanted(new)}, {"slack/a": LiveConfig(old)}, up("slack", wanted=["slack"])).actions
    assert action.kind is ActionKind.UPDATE
    assert [(c.path, c.old, c.new) for c in action.changes] == [(("settings", "channel"), "#a", "#b")]


def test_literal_at_the_place_of_a_secret_is_masked_on_both_sides():
    place = ("settings", "token")
    old = document("slack/a", settings={"token": {"secret": "env:T"}, "channel": "#a"})
    new = document("slack/a", literals=(place,), settings={"token": "sesame", "channel": "#b"})
    for one, other in ((old, new), (new, old)):
        found = {change.path: (change.old, change.new) for change in changes(one, other)}
        assert place in found
        assert "sesame" not in repr(found)


def test_changed_labels_only_reroute():
    assert transition(document("a/b"), document("a/b", labels={"x": "1"})) is Transition.REROUTE


def test_one_and_true_differ():
    assert transition(document("a/b", settings={"n": 1}), document("a/b", settings={"n": True})) is Transition.REPLACE
    assert changes(document("a/b", n=1), document("a/b", n=1.0))


def test_rotated_secret_updates():
    doc = document("slack/a")
    plan = diff({"slack/a": wanted(doc)}, {"slack/a": LiveConfig(doc, rotated=True)}, up("slack", wanted=["slack"]))
    assert kinds(plan) == [("update", "slack/a")]


def test_invalid_file_keeps_the_last_good():
    doc = document("slack/a")
    want = effective(Desired("slack/a", Presence.INVALID), doc, confirmed=False, held=False)
    assert diff({"slack/a": want}, {"slack/a": LiveConfig(doc)}, up("slack", wanted=["slack"])).actions == ()


def test_unconfirmed_absence_removes_nothing():
    doc = document("slack/a")
    want = effective(Desired("slack/a", Presence.ABSENT), doc, confirmed=False, held=False)
    assert want.document == doc


NAMES = st.sampled_from([f"{i}/{n}" for i in ("mail", "slack") for n in "abc"])
DOCS = st.builds(
    lambda key, enabled, n, label: document(key, enabled, settings={"n": n}, labels={"l": label}),
    NAMES,
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from("xy"),
)
WORLDS = st.lists(DOCS).map(lambda docs: {d.id: d for d in docs})


def apply(plan, desired, live):
    """What applying a plan does to the live set, by the meaning of the action kinds alone."""
    live = dict(live)
    for action in plan.actions:
        if action.kind in (ActionKind.START, ActionKind.UPDATE, ActionKind.REROUTE):
            live[action.key] = LiveConfig(desired[action.key].document)
        elif action.kind in (ActionKind.STOP, ActionKind.REMOVE):
            del live[action.key]
    return live


def integrations(desired, live):
    want = {k.split("/")[0] for k, e in desired.items() if e.wanted}
    return Integrations(want, {k.split("/")[0] for k in live})


@given(WORLDS, WORLDS)
def test_applying_a_plan_leaves_nothing_to_do(files, running):
    desired = {k: wanted(d) for k, d in files.items()}
    live = {k: LiveConfig(d) for k, d in running.items() if d.enabled}
    after = apply(diff(desired, live, integrations(desired, live)), desired, live)
    assert diff(desired, after, integrations(desired, after)).actions == ()


@given(WORLDS, WORLDS, st.randoms())
def test_order_of_files_changes_nothing(files, running, random):
    desired = {k: wanted(d) for k, d in files.items()}
    live = {k: LiveConfig(d) for k, d in running.items() if d.enabled}
    items = list(desired.items())
    random.shuffle(items)
    assert diff(dict(items), live, integrations(desired, live)) == diff(desired, live, integrations(desired, live))


@given(WORLDS)
def test_what_runs_as_asked_needs_nothing(files):
    desired = {k: wanted(d) for k, d in files.items()}
    live = {k: LiveConfig(d) for k, d in files.items() if d.enabled}
    assert not diff(desired, live, integrations(desired, live))


@given(WORLDS, WORLDS)
def test_parts_of_a_plan_add_up_to_the_whole(files, running):
    desired = {k: wanted(d) for k, d in files.items()}
    live = {k: LiveConfig(d) for k, d in running.items() if d.enabled}
    i = integrations(desired, live)
    parts = {a for key in {*desired, *live} for a in diff(desired, live, i, [key]).actions}
    assert {a for a in diff(desired, live, i).actions if "/" in a.key} == {a for a in parts if "/" in a.key}


FATES = st.tuples(st.sampled_from(list(Presence)), st.booleans(), st.booleans(), st.booleans())


@given(st.dictionaries(NAMES, FATES))
def test_what_runs_goes_only_by_a_confirmed_absence_or_by_enabled_false(fates):
    desired, live, gone = {}, {}, set()
    for key, (presence, enabled, confirmed, held) in fates.items():
        live[key] = LiveConfig(document(key))
        current = document(key, enabled) if presence is Presence.VALID else None
        desired[key] = effective(Desired(key, presence, current), document(key), confirmed=confirmed, held=held)
        if (presence is Presence.ABSENT and confirmed and not held) or (presence is Presence.VALID and not enabled):
            gone.add(key)
    plan = diff(desired, live, integrations(desired, live))
    assert {a.key for a in plan.actions if a.kind in (ActionKind.STOP, ActionKind.REMOVE)} == gone
    assert all(a.kind in (ActionKind.STOP, ActionKind.REMOVE, ActionKind.SHUTDOWN) for a in plan.actions)
