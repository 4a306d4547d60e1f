"""Newcomers: who waits for whom, and for how long."""

from reconciler.runtime.loop.newcomers import Newcomers


def test_new_id_comes_in_at_once_where_nothing_is_missed():
    assert Newcomers().admit({"x/new": "a.yaml"}, {"y/old": "a.yaml"}, 0.0) == {"x/new"}


def test_new_id_waits_for_the_missed_id_of_its_own_file():
    newcomers = Newcomers()
    missed = {"x/old": "a.yaml"}
    assert newcomers.admit({"x/new": "a.yaml"}, missed, 0.0) == set()
    assert (newcomers.admit({}, missed, 60.0), newcomers.due_at) == (set(), None)
    assert newcomers.admit({}, {}, 60.1) == {"x/new"}


def test_new_id_of_another_file_waits_no_longer_than_two_looks_take():
    newcomers = Newcomers()
    missed = {"x/old": "a.yaml"}
    assert newcomers.admit({"x/new": "b.yaml"}, missed, 5.0) == set()
    assert newcomers.due_at == 5.1
    assert newcomers.admit({"x/new": "b.yaml"}, missed, 5.05) == set()
    assert (newcomers.admit({}, missed, 5.1), newcomers.due_at) == ({"x/new"}, None)
