"""An application that is made when it is first needed, without a server."""

import asyncio
import threading

import pytest

from reconciler.web.late import LateApplication


class Makes:
    """Makes an application that notes who asks; it fails at first, as often as `failures` says."""

    def __init__(self, failures=0):
        self.failures, self.times, self.asked = failures, 0, []
        self.begun, self.may = threading.Event(), threading.Event()

    def __call__(self):
        self.times += 1
        self.begun.set()
        assert self.may.wait(20)
        if self.times <= self.failures:
            raise ImportError("no such module")
        return self.app

    async def app(self, scope, receive, send):
        self.asked.append(scope["path"])


async def ask(late, path):
    await late({"path": path}, None, None)


async def all_ask(late, make, paths, first_gives_up=False):
    """Have all wait at once, and let them; returns what came of each."""
    tasks = [asyncio.ensure_future(ask(late, path)) for path in paths]
    await asyncio.to_thread(make.begun.wait, 20)
    if first_gives_up:
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
    make.may.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_who_asks_at_once_waits_for_one_making():
    make = Makes()
    assert asyncio.run(all_ask(LateApplication(make), make, "abcde")) == [None] * 5
    assert make.times == 1
    assert sorted(make.asked) == list("abcde")


def test_one_that_gives_up_leaves_the_others_waiting():
    make = Makes()
    ended = asyncio.run(all_ask(LateApplication(make), make, "abc", first_gives_up=True))
    assert isinstance(ended[0], asyncio.CancelledError)
    assert make.asked == ["b", "c"]


def test_failure_is_everybodys_who_waited_and_the_next_one_tries_again():
    make = Makes(failures=1)
    late = LateApplication(make)

    async def main():
        ended = await all_ask(late, make, "ab")
        await ask(late, "c")
        return ended

    assert [type(end) for end in asyncio.run(main())] == [ImportError, ImportError]
    assert (make.times, make.asked) == (2, ["c"])


def test_thread_that_cannot_be_started_is_tried_again(monkeypatch):
    make = Makes()
    make.may.set()
    late = LateApplication(make)

    async def main():
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", lambda thread: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await ask(late, "a")
        await ask(late, "b")

    asyncio.run(main())
    assert make.asked == ["b"]
