"""A start reads what changed since the last one, and runs what it would run if it read everything."""

import json

import pytest
from pydantic import BaseModel

from reconciler.config.tree.memory import Ages
from reconciler.model.state import ConfigState


@pytest.fixture
def before(harness, make, doc):
    """A harness that has lived once, with ten configurations of which one is invalid; files are old at once."""
    h = harness(make(), ages=Ages(0.0, 0.0))
    for n in range(10):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"channel": f"#{n}"} if n else {"chanel": "x"}), settle=False)
    h.start()
    h.wait_until((h.directory.parent / "state" / "read.cache").exists, "the end of the start")
    h.stop()
    return h


def read(h):
    return h.manager.engine._directory._tree.read


def channels(h):
    return {config.name: config.settings.channel for config in h.manager.engine.configs_of("diary")}


def test_unchanged_files_are_not_read_and_run_as_before(before, make):
    before.start()
    assert read(before) == 1  # the invalid one
    assert channels(before) == {f"n{n}": f"#{n}" for n in range(1, 10)}
    assert before.config("diary/n3").line == 1
    assert before.state("diary/n0") is ConfigState.INVALID


def test_file_changed_meanwhile_runs_as_it_is_now(before, doc):
    before.write("3.yaml", doc("n3", settings={"channel": "#new"}), settle=False)
    before.start()
    assert read(before) == 2
    assert channels(before)["n3"] == "#new"


def test_document_that_moved_meanwhile_is_remembered_where_it_stands_now(before, doc):
    before.write("3.yaml", "# more\n" + json.dumps(doc("n3", settings={"channel": "#3"})), settle=False)
    (before.directory / "4.yaml").rename(before.directory / "other.yaml")
    before.start()
    store = before.manager.engine._store
    before.wait_until(lambda: store.load_good()["diary/n3"].line == 2, "the row's new line")
    before.wait_until(lambda: store.load_good()["diary/n4"].file == "other.yaml", "the row's new file")


def test_file_removed_meanwhile_does_not_run(before):
    before.delete("3.yaml", settle=False)
    before.start()
    before.settle()
    assert "n3" not in channels(before)


def test_file_broken_meanwhile_keeps_its_last_good_version(before):
    before.write("3.yaml", "integration: diary\nname: n3\nsettings: {chanel: x}\n", settle=False)
    before.start()
    assert channels(before)["n3"] == "#3"
    assert before.config("diary/n3").stale


def test_edit_after_a_start_that_read_nothing_is_taken_in(before, doc):
    before.start()
    before.write("3.yaml", doc("n3", settings={"channel": "#new"}))
    assert channels(before)["n3"] == "#new"


def test_schema_changed_meanwhile_is_what_is_judged_by(before, make):
    class Stricter(BaseModel):
        channel: int

    before.manager.unregister_integration_class(before.manager.get_integration_classes()[0])
    before.manager.register_integration_class(make(Settings=Stricter))
    before.start()
    assert read(before) == 10
    assert {before.state(f"diary/n{n}") for n in range(10)} == {ConfigState.INVALID}


def test_lost_state_directory_costs_only_the_reading(before):
    for file in (before.directory.parent / "state").glob("state.db*"):
        file.unlink()
    before.start()
    assert read(before) == 1
    assert channels(before) == {f"n{n}": f"#{n}" for n in range(1, 10)}
    assert len(before.manager.engine._store.load_good()) == 9
