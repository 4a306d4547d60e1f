"""A log that cannot be written, or that nobody reads, stops nothing and holds up nothing."""

import json
import os

import pytest

pytestmark = pytest.mark.slow
FORMATS = pytest.mark.parametrize("log_format", ["human", "json"])


@pytest.fixture
def pipe():
    """Return both ends of a pipe; the one that is read may be closed meanwhile."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            pass


def is_ready(running):
    answer = running.ask("GET", "/readyz")
    return answer is not None and answer[0] == 200


def active(running):
    found = running.ask("GET", "/api/v1/configs")
    return {item["id"] for item in json.loads(found[2])["items"] if item["state"] == "active"}


def goes_on_and_ends_in_order(running):
    running.until(lambda: is_ready(running), "ready")
    config = (running.root / "configs" / "a.yaml").read_text()
    for name in ("b", "c"):
        (running.root / "configs" / f"{name}.yaml").write_text(config.replace("name: a", f"name: {name}"))
    running.until(lambda: {"probe/b", "probe/c"} <= active(running), "the new configurations")
    assert running.send(1)[0] == 202
    running.wait_for_diary("done e1")
    running.signal()
    assert running.process.wait(15) == 0


@FORMATS
def test_daemon_whose_log_has_lost_its_reader_goes_on(start, pipe, log_format):
    running = start("--log-format", log_format, stderr=pipe[1])
    os.close(pipe[0])
    goes_on_and_ends_in_order(running)


@FORMATS
def test_daemon_whose_log_is_on_a_full_disk_goes_on(start, log_format):
    with open("/dev/full", "w") as full:
        goes_on_and_ends_in_order(start("--log-format", log_format, stderr=full))


@FORMATS
def test_daemon_whose_log_nobody_reads_goes_on_and_ends_within_its_grace(start, pipe, log_format):
    os.set_blocking(pipe[1], False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(pipe[1], b"x" * 4096)
    os.set_blocking(pipe[1], True)
    goes_on_and_ends_in_order(start("--log-format", log_format, "--grace", "5s", stderr=pipe[1]))


def test_second_signal_ends_a_daemon_whose_log_nobody_reads(start, pipe):
    os.set_blocking(pipe[1], False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(pipe[1], b"x" * 4096)
    os.set_blocking(pipe[1], True)
    running = start(stderr=pipe[1])
    running.until(lambda: is_ready(running), "ready")
    running.hold("delivery")
    running.send(1)
    running.wait_for_diary("begin e1")
    running.signal()
    running.until(lambda: not is_ready(running), "not ready")
    running.signal()
    assert running.process.wait(15) == 1
