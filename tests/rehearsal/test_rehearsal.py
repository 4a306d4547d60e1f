"""A delivery is made by the integration's own code, and nothing leaves the process."""

import asyncio
import gc
import multiprocessing
import smtplib
import socket
import subprocess
import sys
import threading
import urllib.request
import warnings
from typing import Any

import pytest
from pydantic import BaseModel

from reconciler.compose.rehearsal.no_network import NoNetwork
from reconciler.compose.rehearsal.stand_ins import stand_in
from reconciler.model.errors import NetworkRefused
from reconciler.sdk import (
    Event,
    EventHook,
    Integration,
    IntegrationConfig,
    ResourceHook,
    Secret,
    TaskHook,
    TerminalError,
)
from reconciler.testing import RecordingServer

HOSTILE = {"secret": "env:TOKEN"}


class Probe(Integration):
    """Delivers by what a test gives it."""

    integration_id = "probe"
    work: Any = None

    def initialize(self) -> None:
        EventHook(self, self.deliver)

    def deliver(self, event: Event, config: IntegrationConfig[Any]) -> None:
        type(self).work(self, event, config)


def probe(work, **more):
    return type("Probe", (Probe,), {"work": staticmethod(work), **more})


def test_slack_message_is_shown_as_it_would_be_posted(rehearse):
    found = rehearse("slack", {"bot_token": {"secret": "env:T"}, "channel": "#x"}, message={"title": "web failed"})
    (sent,) = found.sent
    assert (found.message.title, found.error) == ("web failed", "")
    assert (sent["method"], sent["url"]) == ("POST", "https://slack.com/api/chat.postMessage")
    assert (sent["body"]["channel"], sent["body"]["text"]) == ("#x", "web failed")
    assert sent["headers"]["authorization"] == "Bearer <secret env:T>"


def test_address_that_is_a_secret_is_shown_by_its_reference(rehearse):
    assert rehearse("slack", {"webhook_url": {"secret": "env:URL"}}).sent[0]["url"] == "<secret env:URL>"


def test_webhook_renders_no_message_and_signs_with_the_stand_in(rehearse):
    settings = {"url": "https://h.example.com/x", "signing_secret": {"secret": "file:k"}, "body": '{"a": 1}'}
    found = rehearse("webhook", settings)
    assert (found.message, found.sent[0]["body"]) == (None, {"a": 1})
    assert found.sent[0]["headers"]["webhook-timestamp"] == "1700000000"


def test_mail_is_shown_and_no_connection_is_made(rehearse):
    settings = {"host": "smtp.example.com", "from": "ci@example.com", "to": ["a@example.com"]}
    found = rehearse("email", settings, message={"title": "web failed", "text": "see there"})
    assert found.error == ""
    assert found.sent == (
        {
            "connect": "smtp.example.com:587",
            "body": {
                "from": "ci@example.com", "to": "a@example.com", "subject": "web failed", "importance": "high",
                "text": "web failed\n\nsee there\n\nStatus: failed\nJob: web\n",
            },
        },
    )  # fmt: skip


def test_what_console_prints_is_kept(rehearse, capsys):
    found = rehearse("console", {"prefix": "> "}, message={"title": "hi", "fields": []})
    assert (found.sent, capsys.readouterr().out) == (({"stdout": "> [a] error: hi\n"},), "")


def test_logs_and_warnings_are_not_taken_for_what_is_delivered(rehearse):
    def work(self, _event, _config):
        self.log.warning("half of it")
        warnings.warn("old", UserWarning, stacklevel=1)
        print("x")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: sys.stderr.write(str(message))  # as Python itself, not as pytest
        assert rehearse("probe", {}, probe(work)).sent == ({"stdout": "x\n"},)


def test_template_that_cannot_be_rendered_is_an_error(rehearse):
    found = rehearse("console", message={"title": "{{ event.data.nope.x }}"})
    assert (found.sent, "message.title cannot be rendered" in found.error) == ((), True)


def test_hooks_are_declared_and_never_started(rehearse):
    done = []

    class Busy(Probe):
        integration_id = "busy"

        def initialize(self) -> None:
            super().initialize()
            TaskHook(self, self.run)

        def config_enabled(self, config):
            ResourceHook(config, "k", lambda: done.append("ensured"), lambda _: done.append("removed"))

        async def run(self):
            done.append("ran")

        def deliver(self, event, config):
            print("delivered")

        def shutdown(self):
            done.append("shut down")

    assert rehearse("busy", {}, Busy).sent == ({"stdout": "delivered\n"},)
    assert done == ["shut down"]


WAYS = {
    "socket": lambda port: socket.create_connection(("127.0.0.1", port), timeout=1),
    "connect_ex": lambda port: socket.socket().connect_ex(("127.0.0.1", port)),
    "datagram": lambda port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
    "name": lambda port: socket.getaddrinfo("localhost", port),
    "smtplib": lambda port: smtplib.SMTP("127.0.0.1", port, timeout=1),
    "urllib": lambda port: urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1),
    "asyncio": lambda port: asyncio.run(asyncio.open_connection("127.0.0.1", port)),
    "multiprocessing": lambda _port: multiprocessing.get_context("spawn").Process(target=print).start(),
    "process": lambda _port: subprocess.run([sys.executable, "-c", "0"], check=False),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_way_leads_out_of_the_process(way, rehearse):
    with RecordingServer() as server:
        port = int(server.url.rpartition(":")[2])

        def work(_self, _event, _config):
            try:
                WAYS[way](port)
            except Exception as error:
                text = f"{type(error).__name__} {error} {error.__cause__} {error.__context__}"
                raise TerminalError(text) from None
            print("got out")

        found = rehearse("probe", {}, probe(work))
        gc.collect()  # sockets that were made and refused warn here, and not in the test after this one
        assert (found.sent, server.requests) == ((), [])
        assert "rehearsal" in found.error


def test_other_threads_are_refused_too_and_nobody_afterwards():
    with RecordingServer() as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        errors = []

        def connect():
            with socket.socket() as opened:
                try:
                    opened.connect(address)
                except NetworkRefused as error:
                    errors.append(error)

        with NoNetwork():
            thread = threading.Thread(target=connect)
            thread.start()
            thread.join(5)
        connect()
        assert len(errors) == 1


def test_thread_that_the_code_leaves_behind_sends_nothing_later():
    go, errors = threading.Event(), []

    def later():
        go.wait(5)
        with socket.socket() as opened:
            try:
                opened.connect(("127.0.0.1", 9))
            except NetworkRefused as error:
                errors.append(error)

    with NoNetwork():
        thread = threading.Thread(target=later)
        thread.start()
    go.set()
    thread.join(5)
    assert len(errors) == 1


@pytest.mark.slow
def test_what_the_code_leaves_for_the_end_of_the_process_sends_nothing():
    with RecordingServer() as server:
        program = (
            "import atexit, urllib.request\n"
            "from reconciler.compose.rehearsal.no_network import NoNetwork\n"
            "for _ in range(2):\n"
            "    with NoNetwork():\n"
            f"        atexit.register(urllib.request.urlopen, {server.url!r})\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert server.requests == []
        assert "nothing is sent in a rehearsal" in done.stderr


def test_answer_that_the_code_does_not_like_is_a_note(rehearse):
    class Picky(Probe):
        integration_id = "picky"

        async def deliver(self, event, config):
            response = await self.http.request("POST", "https://x.example.com/", json={"a": 1})
            raise TerminalError(f"expected 201, found {response.status}")

    found = rehearse("picky", {}, Picky)
    assert (found.sent[0]["body"], found.error, found.note) == ({"a": 1}, "", "expected 201, found 200")


def test_request_that_cannot_be_made_is_an_error(rehearse):
    class Wrong(Probe):
        integration_id = "wrong"

        async def deliver(self, event, config):
            await self.http.request("POST", "ftp://x.example.com/", json={})

    assert "absolute http or https" in rehearse("wrong", {}, Wrong).error


def test_integration_that_does_not_start_is_told(rehearse):
    class Broken(Probe):
        integration_id = "broken"

        def initialize(self):
            raise ValueError("no such table")

    assert rehearse("broken", {}, Broken).error == "the integration broken does not start: no such table"


def test_call_that_hangs_is_ended_at_its_deadline(rehearse):
    ended = threading.Event()

    def hang(_self, _event, _config):
        ended.wait(30)

    first, second = rehearse("probe", {}, probe(hang, delivery_deadline=0.05), times=2)
    ended.set()
    assert "did not return within 0.05 s" in first.error
    assert second.error.startswith("the integration probe is lost: probe/a: delivering build.finished did not return")


def test_events_that_are_published_are_shown(rehearse):
    def publish(self, event, config):
        self.publish(Event(type="again", source="/x", id="2"))
        print("x")

    (event,) = rehearse("probe", {}, probe(publish)).published
    assert event["type"] == "again"


def test_each_delivery_is_its_own(rehearse):
    first, second = rehearse("console", times=2, message={"title": "x", "fields": []})
    assert first == second


class Typed(BaseModel):
    number: Secret


def test_settings_model_takes_a_stand_in(rehearse):
    def tell(_self, _event, config):
        print(config.settings.number.reveal())

    found = rehearse("probe", {"number": HOSTILE}, probe(tell, Settings=Typed))
    assert found.sent == ({"stdout": "<secret env:TOKEN>\n"},)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, "<secret env:TOKEN>"),
        ({"pattern": "^[!-~]+$"}, "<secret:env:TOKEN>"),
        ({"pattern": "^https?://"}, "https://secret.invalid/env%3ATOKEN"),
        ({"pattern": "^[a-z-A-Z]+$"}, "secret-env-TOKEN"),
        ({"pattern": "^[0-9]+$"}, "10000000"),
        ({"pattern": "^x{40}$"}, "<secret env:TOKEN>"),
    ],
)
def test_stand_in_is_the_first_form_that_the_schema_takes(schema, expected):
    settings = {"list": [{"token": HOSTILE}], "n": 1}
    place = {"type": "object", "properties": {"token": {"type": "string", "writeOnly": True, **schema}}}
    found = stand_in(settings, {"properties": {"list": {"items": place}}})
    assert found.resolved.settings["list"][0]["token"].reveal() == expected
    assert found.shown({"a": [f"Bearer {expected}"]}) == {"a": ["Bearer <secret env:TOKEN>"]}
