"""`lane = "host"`: an integration's coroutines run on the loop of an asyncio host, and leave it as it was."""

import asyncio
import threading

import pytest

from reconciler.compose.manager import IntegrationManager
from reconciler.sdk import Event, EventHook, Integration, TaskHook


def make_class():
    class Hosted(Integration):
        integration_id = "hosted"
        lane = "host"
        threads: dict[str, str] = {}
        ended: list[str] = []
        got = None

        async def initialize(self):
            self.threads["initialize"] = threading.current_thread().name
            EventHook(self, self.deliver)
            TaskHook(self, self.work)

        def shutdown(self):
            self.threads["shutdown"] = threading.current_thread().name

        async def work(self):
            try:
                await asyncio.Event().wait()
            finally:
                self.ended.append("work")

        async def deliver(self, event, config):
            self.threads["deliver"] = threading.current_thread().name
            if self.got is not None:
                self.got.set()  # an asyncio.Event of the host: it may be touched on the host's loop alone

    Hosted.threads, Hosted.ended = {}, []
    return Hosted


@pytest.fixture
def manager(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: hosted\nname: a\nevents: [{type: x}]\n")
    made = IntegrationManager(tmp_path / "configs", state_dir=tmp_path / "state", integrations=(), watch=False)
    yield made
    made.stop()


def test_coroutines_run_on_the_hosts_loop_and_functions_beside_it(manager):
    cls = make_class()

    async def host():
        cls.got = asyncio.Event()
        manager.register_integration_class(cls)
        async with manager:
            manager.publish(Event(type="x", source="test"))
            await asyncio.wait_for(cls.got.wait(), 10)
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    left = asyncio.run(host())
    main = threading.current_thread().name
    assert (cls.threads["initialize"], cls.threads["deliver"]) == (main, main)
    assert cls.threads["shutdown"].startswith("lane-hosted-")
    assert cls.ended == ["work"]
    assert all(task.done() or "_part_from_host" in str(task) for task in left)


def test_call_that_overruns_is_cancelled_and_the_host_goes_on(manager):
    cls = make_class()
    cls.config_deadline = 0.05

    async def enabled(self, config):
        await asyncio.sleep(3600)

    cls.config_enabled = enabled

    beats = []

    async def beat():
        while True:
            beats.append(threading.current_thread())
            await asyncio.sleep(0.005)

    async def host():
        manager.register_integration_class(cls)
        heart = asyncio.create_task(beat())
        await manager.astart()
        heart.cancel()
        message = manager.status("hosted/a").message
        await manager.astop()
        return message

    assert "did not return within 0.05 s" in asyncio.run(host())
    assert len(beats) > 3


def test_synchronous_host_has_no_loop_to_share(manager, caplog):
    cls = make_class()
    manager.register_integration_class(cls)
    manager.start()
    assert cls.threads["initialize"] == "lane-hosted"
    assert "asks for the host's loop, but there is none" in caplog.text
