"""The outlet to stderr: in order, without waiting, and honest about what is lost."""

import io
import os
import threading

import pytest

from reconciler.cli.outlet import _MOST, Outlet


class Stream(io.StringIO):
    """Fails or waits as often as it is told to."""

    def __init__(self):
        super().__init__()
        self.failures, self.may_write = 0, threading.Event()
        self.may_write.set()

    def write(self, text):
        assert self.may_write.wait(20)
        if self.failures:
            self.failures -= 1
            raise OSError(28, "No space left on device")
        return super().write(text)


@pytest.fixture
def stream():
    return Stream()


@pytest.fixture
def open_outlet():
    """Return what opens outlets; all are closed at the end, with their threads."""
    opened = []

    def make(stream):
        opened.append(Outlet(stream, lambda number: f"{number} lost\n"))
        return opened[-1]

    yield make
    for one in opened:
        one.close(20)
        one._thread.join(20)
        assert not one._thread.is_alive()


@pytest.fixture
def outlet(open_outlet, stream):
    return open_outlet(stream)


def test_texts_come_in_order_and_all_of_them_before_the_end(outlet, stream):
    for number in range(1000):
        outlet.write(f"{number}\n")
    outlet.drain(20)
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(1000))


def test_what_could_not_be_written_is_counted_once_something_can(outlet, stream):
    stream.failures = 2
    for text in ("a\n", "b\n", "c\n"):
        outlet.write(text)
        outlet.drain(20)
    assert stream.getvalue() == "2 lost\nc\n"


def test_who_does_not_read_holds_up_nobody_and_little_is_kept(outlet, stream):
    stream.may_write.clear()
    outlet.write("first\n")
    for _ in range(40):
        outlet.write("x" * (_MOST // 10))
    outlet.drain(0.01)
    stream.may_write.set()
    outlet.drain(20)
    outlet.write("last\n")
    outlet.drain(20)
    told = stream.getvalue()
    assert told.startswith("first\n") and told.endswith(" lost\nlast\n")
    assert len(told) < 2.2 * _MOST


def test_characters_that_the_encoding_lacks_become_escapes(tmp_path, open_outlet):
    path = tmp_path / "log"
    with path.open("w", encoding="ascii") as file:
        outlet = open_outlet(file)
        outlet.write("✓ ready\n")
        outlet.drain(20)
    assert path.read_text() == "\\u2713 ready\n"


def test_descriptor_that_somebody_made_non_blocking_gets_all_of_it(open_outlet):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(writing, "w") as file, os.fdopen(reading, "rb") as reader:
        outlet = open_outlet(file)
        outlet.write("x" * 500_000)
        assert reader.read(500_000) == b"x" * 500_000
        outlet.drain(20)


def test_what_comes_after_the_end_is_lost_and_harms_nothing(outlet, stream):
    outlet.write("a\n")
    outlet.close(20)
    outlet.write("b\n")
    outlet._thread.join(20)
    assert stream.getvalue() == "a\n"
