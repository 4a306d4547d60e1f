"""LostWrites: what failed is written again, later and later, and all is well only when all is on disk."""

from functools import partial
from pathlib import Path

from reconciler.model.state import PassRecord
from reconciler.runtime.loop.lost_writes import LostWrites

PASS = PassRecord(1, 0.0, 0.1, "watch", 1, 1, (), held=0, errors=0)


def test_write_under_way_is_not_yet_on_disk():
    lost = LostWrites()
    lost.begun()
    assert not lost.nothing
    lost.ended()
    assert lost.nothing


def test_lost_write_is_made_again_once_and_later_each_time():
    lost, delays = LostWrites(), []
    for _ in range(7):
        lost.add(["x/a"], [PASS])
        delays.append(lost.retry_in())
        assert lost.retry_in() is None
        assert not lost.nothing
        assert lost.take() == (["x/a"], [PASS], [])
    assert delays == [1, 2, 4, 8, 16, 30, 30]


def test_what_else_was_lost_is_written_once_however_often_it_failed():
    lost, written = LostWrites(), []
    other = partial(written.append, "effects")
    for _ in range(3):
        lost.add([], [], other)
    assert (lost.nothing, lost.retry_in()) == (False, 1)
    assert lost.take() == ([], [], [other])
    assert lost.nothing


def test_delay_begins_anew_once_all_is_written():
    lost = LostWrites()
    for _ in range(3):
        lost.add(["x/a"], [])
        lost.retry_in()
        lost.take()
    assert (lost.retry_in(), lost.nothing) == (None, True)
    lost.add(["x/a"], [])
    assert lost.retry_in() == 1


def test_file_that_was_set_aside_is_new_once():
    lost = LostWrites()
    assert [lost.is_new_file(p) for p in (None, Path("a"), Path("a"), Path("b"))] == [False, True, False, True]
