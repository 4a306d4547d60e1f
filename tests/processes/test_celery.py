"""The Celery example: every process of a prefork pool runs a manager; the broker is a folder."""

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
SEND = """
import sys
from celery_app import publish
for review in sys.argv[1:]:
    publish.delay(review)
"""
BROKER = """
from celery_app import app
app.conf.update(broker_url="filesystem://", broker_transport_options={
    "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"})
"""


@pytest.fixture
def environment(site):
    for name in ("queue", "control"):
        (site.folder / name).mkdir()
    (site.folder / "folders.py").write_text(BROKER)
    (site.folder / "configs" / "hear.yaml").unlink()  # the integration of the Django example
    return {**site.environment, "PYTHONPATH": f"{site.environment['PYTHONPATH']}:{site.folder}"}


@pytest.fixture
def pool(site, environment, until):
    log = site.folder / "celery.log"
    command = [
        sys.executable, "-m", "celery", "-A", "folders", "worker", "--pool", "prefork", "--concurrency", "2",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
    ]  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=site.folder, env=environment, stdout=out, stderr=out)
    try:
        until(lambda: " ready." in log.read_text() or process.poll() is not None, 30, "the pool")
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()


def test_what_tasks_publish_is_delivered(site, environment, pool, until):
    reviews = [f"r{number}" for number in range(12)]
    program = "import folders\n" + SEND
    subprocess.run([sys.executable, "-c", program, *reviews], cwd=site.folder, env=environment, timeout=30, check=True)
    until(lambda: set(site.delivered()) == set(reviews), 30, "the deliveries")
    assert {len(keys) for keys in site.delivered().values()} == {1}
    assert site.runner() not in (None, pool.pid)
