"""`Harness.trouble`: what a test's author is told when nothing arrives."""

import pytest

from reconciler.sdk import TransientError


def asleep(self, event, config):
    raise TransientError("the service is asleep")


def broken(self):
    raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("overrides", "settings", "told"),
    [
        ({}, {}, ""),
        ({"deliver": asleep}, {}, "Delivering: the service is asleep"),
        ({"initialize": broken}, {}, "no such thing"),
        ({}, {"chanel": "#x"}, "a.yaml:4: the key `chanel` is not known"),
    ],
    ids=["well", "delivery", "initialize", "invalid"],
)
def test_trouble_tells_why_nothing_arrives(harness, make, doc, overrides, settings, told):
    from reconciler.sdk import Event

    h = harness(make(**overrides))
    h.write("a.yaml", doc("a", settings=settings), settle=False)
    h.start()
    h.deliver(Event(type="note", source="/test"))
    found = h.trouble("diary/a")
    assert told in found if told else found == ""


def test_trouble_of_an_unknown_id_says_so(harness, make):
    h = harness(make())
    h.start()
    assert h.trouble("diary/zzz") == "diary/zzz: nothing is known under this id"
