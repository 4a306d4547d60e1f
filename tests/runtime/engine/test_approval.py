"""An approval lets go exactly what was shown, and stands in the history."""

import pytest

from reconciler.model.state import ConfigState


@pytest.fixture
def held(harness, make, doc):
    """A harness whose guard holds the removal of `diary/a` to `diary/d`, with `diary/e` and `diary/f` running."""
    h = harness(make())
    for name in "abcdef":
        h.write(f"{name}.yaml", doc(name), settle=False)
    h.start()
    for name in "abcd":
        h.delete(f"{name}.yaml", settle=False)
    h.settle()
    h.advance(1)
    assert h.manager.engine.status().held == 4
    return h


def ids(h):
    return [one.rpartition("/")[2] for one in h.manager.engine.config_ids()]


def test_approval_releases_what_was_shown(held):
    assert held.manager.engine.approve(held.manager.engine.status().held_digest, "alice")
    held.settle()
    assert ids(held) == ["e", "f"]


def test_approval_of_what_was_shown_before_is_refused(held):
    shown = held.manager.engine.status().held_digest
    held.delete("e.yaml")
    held.advance(1)
    now = held.manager.engine.status().held_digest
    assert now != shown
    assert not held.manager.engine.approve(shown, "alice")
    assert ids(held) == list("abcdef")
    assert held.manager.engine.approve(now, "alice")
    held.settle()
    assert ids(held) == ["f"]


def test_approved_removal_whose_file_comes_back_is_not_made(held, doc):
    shown = held.manager.engine.status().held_digest
    held.write("a.yaml", doc("a"), settle=False)
    held.manager.engine.approve(shown, "alice")
    held.settle()
    held.advance(1)
    assert held.state("diary/a") is ConfigState.ACTIVE


def test_approval_stands_in_the_history(held):
    engine = held.manager.engine
    digest = engine.status().held_digest
    engine.approve("000000000000", "mallory")
    engine.approve(digest, "alice")
    (done,) = engine.overrides.history(10).result(5)
    assert (done.kind.value, done.target, done.who) == ("approve", digest, "alice")
    assert done.detail == "to remove: diary/a, diary/b, diary/c, diary/d"


def test_name_of_whoever_approves_is_no_label_of_a_metric(held):
    engine = held.manager.engine
    engine.approve(engine.status().held_digest, "alice")
    held.settle()
    triggers = {
        s.labels["trigger"] for m in engine.metrics.collect() if m.name == "reconcile_passes" for s in m.samples
    }
    assert "approve" in triggers
    assert not any("alice" in trigger for trigger in triggers)
