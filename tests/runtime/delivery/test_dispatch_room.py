"""Room for deliveries: whoever found none is called once, when there is a place, and not while it is left alone."""

from reconciler.runtime.delivery.dispatch_room import Room


def full():
    """Return room in which `a/x` has taken its only place, and a second delivery of it found none."""
    room = Room(8, per_config=1)
    assert room.enter("a/x")
    assert not room.enter("a/x")
    return room


def test_whoever_found_no_room_is_called_when_a_place_is_free():
    room = full()
    assert list(room.calls()) == []
    room.leave("a/x")
    assert list(room.calls()) == [("a/x", 1)]


def test_what_was_parked_after_its_call_is_called_again():
    room = full()
    room.leave("a/x")
    for config_id, wanted in list(room.calls()):
        room.answered(config_id, wanted, 0)  # the call came before what it was meant for was on disk
    room.call_unless_held("a/x")
    assert list(room.calls()) == [("a/x", 1)]


def test_whoever_is_left_alone_is_not_called_before_the_end_of_that():
    room = Room(8)
    room.hold("a/x", 10.0)
    assert not room.enter("a/x")
    room.call_unless_held("a/x")
    assert list(room.calls()) == []
    room.release(10.0)
    assert list(room.calls()) == [("a/x", 1)]
