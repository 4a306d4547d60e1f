"""A change that names a secret which is missing: the old version runs on, and is stale until the change is made."""

import pytest

from reconciler.model.state import ConfigState, StateReason
from reconciler.sdk import Integration

PLAIN = {"config_enabled": Integration.config_enabled, "config_disabled": Integration.config_disabled}
MISSING = (ConfigState.ACTIVE, StateReason.SECRET_MISSING, True)
HEALTHY = (ConfigState.ACTIVE, StateReason.NONE, False)


def token(doc, secret=None, **settings):
    return doc("a", settings={**settings, **({"token": {"secret": f"file:{secret}"}} if secret else {})})


def told(h):
    status = h.config("diary/a")
    return status.state, status.reason, status.stale


def conditions(h):
    return {c.type.value: c.status.value for c in h.config("diary/a").conditions}


def named(h):
    return [(one.id, one.reason, one.message) for one in h.manager.engine.status().stale_configs]


@pytest.fixture(params=[{}, PLAIN], ids=["each", "together"])
def changed(request, harness, make, doc):
    """Two configurations that run, of which the file of one names a secret by now that is missing."""
    h = harness(make(**request.param))
    (h.secrets / "there").write_text("s3cret-one")
    h.write("a.yaml", token(doc, "there"), settle=False)
    h.write("b.yaml", doc("b"), settle=False)
    h.start()
    assert told(h) == HEALTHY
    h.write("a.yaml", token(doc, "later"))
    return h


def test_old_version_is_stale_and_says_which_secret_is_missing(changed):
    h, status = changed, changed.config("diary/a")
    assert told(h) == MISSING
    assert status.digest != status.desired_digest
    assert status.message.startswith("file:later cannot be read")
    assert h.manager.engine.status().stale == h.manager.engine.counts()[2] == 1
    assert named(h) == [("diary/a", StateReason.SECRET_MISSING, status.message)]


def test_old_version_runs_after_a_restart_too(changed):
    h = changed
    h.stop()
    h.start()
    assert told(h) == MISSING
    assert h.config("diary/a").message.startswith("file:later cannot be read")
    (h.secrets / "later").write_text("s3cret-two")
    h.advance(10)
    assert told(h) == HEALTHY


def test_secret_that_appears_ends_it(changed):
    h = changed
    (h.secrets / "later").write_text("s3cret-two")
    h.advance(10)
    assert (told(h), named(h), h.config("diary/a").message) == (HEALTHY, [], "")
    assert h.config("diary/a").digest == h.config("diary/a").desired_digest


def test_file_that_changes_back_ends_it(changed, doc):
    h = changed
    h.write("a.yaml", token(doc, "there"))
    assert (told(h), named(h), h.config("diary/a").message) == (HEALTHY, [], "")
    assert conditions(h)["SecretsResolved"] == "True"


def test_change_to_labels_alone_of_what_runs_ends_it(changed, doc):
    h = changed
    h.write("a.yaml", {**token(doc, "there"), "labels": {"tier": "1"}})
    assert told(h) == HEALTHY
    assert conditions(h)["SecretsResolved"] == "True"


def test_asking_to_try_again_in_vain_leaves_it(changed):
    changed.manager.retry("diary/a")
    changed.settle()
    assert told(changed) == MISSING


def test_file_that_breaks_meanwhile_is_the_reason(changed):
    changed.write("a.yaml", "integration: diary\nname: a\nsettings: 1\nevents: 2\n")
    assert told(changed)[1] is StateReason.INVALID


def test_failed_start_with_the_secret_is_the_reason_and_a_secret_that_goes_is_again(harness, make, doc):
    h = harness(make())
    h.start()
    h.write("a.yaml", token(doc))
    h.write("a.yaml", token(doc, "later", port=13))
    assert told(h) == MISSING
    (h.secrets / "later").write_text("s3cret-two")
    h.advance(3)
    assert told(h)[1] is StateReason.UPDATE_FAILED
    assert "unlucky" in h.config("diary/a").message
    (h.secrets / "later").unlink()
    h.advance(30)
    assert told(h) == MISSING
    assert "file:later" in h.config("diary/a").message


def test_secret_of_what_runs_that_goes_or_rotates_makes_nothing_stale(changed, doc):
    h = changed
    h.write("a.yaml", token(doc, "there"))
    for change in (lambda: (h.secrets / "there").write_text("s3cret-new"), (h.secrets / "there").unlink):
        change()
        h.settle()
        h.advance(60)
        assert told(h) == HEALTHY


def test_disabled_one_lacks_nothing(changed, doc):
    h = changed
    h.write("a.yaml", {**token(doc, "later"), "enabled": False})
    assert told(h) == (ConfigState.DISABLED, StateReason.NONE, False)


def test_file_that_goes_ends_it(changed):
    changed.delete("a.yaml")
    assert (changed.state("diary/a"), named(changed)) == (None, [])


def test_file_that_changes_back_after_a_failure_is_applied_as_before(harness, make, doc):
    h = harness(make())
    h.start()
    h.write("a.yaml", token(doc))
    h.write("a.yaml", token(doc, port=13))
    assert (told(h)[1], conditions(h)["Applied"]) == (StateReason.UPDATE_FAILED, "False")
    h.write("a.yaml", token(doc))
    assert (told(h), conditions(h)["Applied"]) == (HEALTHY, "True")
