"""The engine's thread ends its loop with nothing left on it, whatever a cancellation sets off."""

import asyncio
import gc

from reconciler.runtime.engine_thread import EngineThread


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
