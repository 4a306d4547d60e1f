"""StateStore: what is put comes back after a restart, and nothing else does."""

import os
import stat

import pytest

from reconciler.model.errors import StateError
from reconciler.model.good import Good, Known
from reconciler.model.json import digest
from reconciler.model.state import PassRecord
from reconciler.runtime.state.state_store import HISTORY, StateStore


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a" / "state"


@pytest.fixture
def store(folder):
    store = StateStore(folder)
    yield store
    store.close()


def good(name="one", **settings):
    raw = {"integration": "x", "name": name, "settings": {"ü": "\u2028", **settings}}
    return Good(f"x/{name}", "a.yaml", 3, digest(raw), raw)


def a_pass(number, actions=()):
    return PassRecord(number, 1.5, 0.25, "watch+sweep", 3, 2, tuple(actions), held=1, errors=2)


def reopened(store):
    store.close()
    return StateStore(store.directory)


def test_state_is_for_its_owner_alone(store, folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "state.db").stat().st_mode) == 0o600


def test_good_survives_a_restart(store):
    row = Good("x/two", "b.yaml", 1, "d", {"integration": "x"}, {"integration": "y"})
    store.save_good([good(), row]).result()
    again = reopened(store)
    assert again.load_good() == {"x/one": good(), "x/two": row}
    again.close()


def test_what_is_known_of_good_documents_is_known_without_reading_them(store):
    raw = good().accepted
    rows = [
        Good("x/same", "a.yaml", 3, "one", raw, raw),
        Good("x/other", "a.yaml", 9, "two", raw, {"integration": "y"}),
        Good("x/never", "b.yaml", 1, "three", raw),
    ]
    store.save_good(rows).result()
    assert store.load_known() == {
        "x/same": Known("x/same", "a.yaml", 3, "one", started=True),
        "x/other": Known("x/other", "a.yaml", 9, "two", started=False),
        "x/never": Known("x/never", "b.yaml", 1, "three", started=False),
    }
    assert store.load_good(["x/other", "x/nobody"]) == {"x/other": rows[1]}
    store.submit(lambda db: db.execute("UPDATE good SET accepted_doc = 'torn' WHERE id = 'x/same'").close()).result()
    assert {*store.load_known()} == {*store.load_good()} == {"x/other", "x/never"}


def test_applied_that_equals_accepted_is_stored_once_and_comes_back(store):
    row = good()
    row = Good(row.id, row.file, row.line, row.digest, row.accepted, dict(row.accepted))
    store.save_good([row]).result()
    assert store.load_good() == {"x/one": row}


def test_mark_applied_holds_for_the_accepted_document_alone(store):
    old, new = good(level=1), good(level=2)
    store.save_good([Good(new.id, new.file, new.line, new.digest, new.accepted, old.accepted)]).result()
    store.mark_applied([("x/one", old.digest)]).result()
    assert (store.load_good()["x/one"].accepted, store.load_good()["x/one"].applied) == (new.accepted, old.accepted)
    store.mark_applied([("x/one", new.digest)]).result()
    assert store.load_good()["x/one"].applied == new.accepted


def test_forgotten_good_is_gone(store):
    store.save_good([good("one"), good("two")]).result()
    store.forget_good(["x/one", "x/unknown"]).result()
    assert list(store.load_good()) == ["x/two"]


def test_damaged_row_is_left_out(store):
    store.save_good([good("one"), good("two")]).result()
    store._database.submit(lambda c: c.execute("UPDATE good SET accepted_doc = '{' WHERE id = 'x/one'")).result()
    assert list(store.load_good()) == ["x/two"]


def test_document_that_is_damaged_within_is_empty(store):
    store.save_good([good("one")]).result()
    store._database.submit(lambda c: c.execute("UPDATE good SET accepted_doc = '{\"a\": }'")).result()
    assert store.load_good()["x/one"].accepted == {}


def test_stored_document_is_written_again_as_it_is(store):
    store.save_good([good("one")]).result()
    before = store.load_good()
    store.save_good(before.values()).result()
    assert store.load_good() == before


def test_history_is_newest_first_with_its_actions(store):
    for number in (1, 2):
        store.record_pass(a_pass(number, [{"kind": "start", "key": f"x/{number}"}, {"kind": "stop"}]))
    expected = [a_pass(n, [{"kind": "start", "key": f"x/{n}"}, {"kind": "stop"}]) for n in (2, 1)]
    assert store.history(5).result() == expected
    assert store.history(1).result() == expected[:1]


def test_history_is_bounded(store):
    store.record_pass(a_pass(1, [{"kind": "start"}]))
    for number in range(2, HISTORY + 6):
        last = store.record_pass(a_pass(number))
    last.result()
    assert len(store.history(10**6).result()) == HISTORY
    assert store._database.submit(lambda c: c.execute("SELECT count(*) FROM outcome").fetchone()[0]).result() == 0


def test_pass_written_twice_is_one(store):
    store.record_pass(a_pass(1, [{"kind": "start"}]))
    store.record_pass(a_pass(1)).result()
    assert store.history(9).result() == [a_pass(1)]


def test_corrupt_file_is_set_aside_and_rebuilt(folder):
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(b"not a database, " * 200)
    store = StateStore(folder)
    assert store.set_aside is not None
    assert store.set_aside.exists()
    assert store.load_good() == {}
    store.close()


def test_directory_that_is_a_file_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot make the state directory"):
        StateStore(tmp_path / "file" / "state")


def test_full_disk_leaves_the_old_state(store):
    store.save_good([good()]).result()
    store._database.submit(lambda c: c.execute("PRAGMA max_page_count=1").fetchall()).result()
    with pytest.raises(StateError, match="full"):
        store.save_good([good(much="x" * 100_000)]).result()
    store._database.submit(lambda c: c.execute("PRAGMA max_page_count=100000").fetchall()).result()
    assert store.load_good() == {"x/one": good()}
    store.save_good([good(much="x" * 100_000)]).result()


def test_ten_thousand_rows_load(store):
    store.save_good([good(f"n{i}") for i in range(10_000)]).result()
    assert len(store.load_good()) == 10_000
    assert os.path.getsize(store.directory / "state.db") < 10 << 20
