"""The engine's thread ends its loop with nothing left on it, whatever a cancellation sets off."""

import asyncio
import gc
import threading

from reconciler.runtime import engine_thread
from reconciler.runtime.engine_thread import EngineThread, SpareThreads


def test_what_begins_while_the_loop_ends_is_ended_too():
    begun, ended = [], []

    async def work(depth):
        begun.append(depth)
        try:
            await asyncio.sleep(60)
        finally:
            if depth:
                await asyncio.gather(asyncio.ensure_future(work(depth - 1)), return_exceptions=True)
            ended.append(depth)

    thread = EngineThread()
    thread.submit(work(3))
    thread.submit(asyncio.sleep(0)).result(5)
    thread.stop()
    gc.collect()  # a coroutine that was never awaited would be a warning now, and a warning is an error
    assert begun[0] == 3
    assert sorted(ended) == sorted(begun)


def test_job_that_hangs_holds_up_no_other_and_threads_end_when_there_is_nothing_to_do(monkeypatch):
    monkeypatch.setattr(engine_thread, "_SPARE_FOR", 0.01)
    threads, opened, done = SpareThreads("spare"), threading.Event(), threading.Semaphore(0)
    threads.run(lambda: opened.wait(20))
    for _ in range(20):
        threads.run(done.release)
        assert done.acquire(timeout=20)
    opened.set()
    for thread in [one for one in threading.enumerate() if one.name == "spare"]:
        thread.join(20)
        assert not thread.is_alive()
