"""console: what stands on the streams."""

import io
import sys

import pytest

from reconciler.model.errors import TransientError
from reconciler.model.event import Event


@pytest.fixture
def console(bench):
    return bench("console")


def test_message_is_printed(console, capsys, failed_build):
    console.deliver(failed_build, {"prefix": "» "})

    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "» [test] error: Build finished: web",
        "»     Job: web | Status: failed | Branch: main",
        "»     https://ci.example.com/1",
    ]
    assert err == ""


def test_stderr_is_used(console, capsys, failed_build):
    console.deliver(failed_build, {"stream": "stderr"}, message={"title": "{{ event.data.job }} is red"})

    out, err = capsys.readouterr()
    assert out == "" and err.startswith("[test] error: web is red\n")


def test_terminal_is_not_steered(console, capsys):
    console.deliver(Event("a", "b", data={"text": "one\x1b[2Jtwo\rthree\x9b1m\nlast"}), {})

    out, _ = capsys.readouterr()
    assert "\x1b" not in out and "\r" not in out and "\x9b" not in out
    assert "one [2Jtwo" in out


def test_characters_the_stream_cannot_show_are_escaped(console, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    console.deliver(Event("a", "b", data="ü"), {})

    assert b"\\xfc" in raw.getvalue()


def test_closed_stream_is_transient(console, monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)

    with pytest.raises(TransientError, match="cannot write to stdout"):
        console.deliver(Event("a", "b"), {})
