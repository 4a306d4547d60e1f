"""A real daemon over real HTTP: what `/api/v1` says is what runs, on TCP and on the Unix socket alike."""

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
import yaml

from reconciler.cli.app import run

pytestmark = pytest.mark.slow
CONFIG_FIELDS = {
    "id", "integration", "name", "enabled", "state", "reason", "message", "stale", "digest", "desired_digest", "file",
    "line", "conditions",
}  # fmt: skip
INTEGRATION_FIELDS = {"id", "name", "description", "state", "configs", "hooks"}
FILES = {
    "a.yaml": "# first\nintegration: console\nname: live\nsettings: {prefix: '> '}\nevents: [{type: '**'}]\n",
    "b.yaml": "integration: console\nname: off\nenabled: false\n",
    "c.yaml": "integration: console\nname: bad\nsettings: {prefx: 1}\n",
    "d.yaml": "integration: webhook\nname: keyless\nsettings:\n  url: http://127.0.0.1:9\n"
    "  signing_secret: {secret: 'env:SURELY_NOT_SET'}\n",
    "e.yaml": "integration: inbox\nname: web\nsettings: {key: {secret: 'env:INBOX_KEY'}}\n",
    "f.yaml": "integration: nowhere\nname: lost\n",
}
EXPECTED = {
    "console/live": ("active", "", "a.yaml", 2),
    "console/off": ("disabled", "", "b.yaml", 1),
    "console/bad": ("invalid", "Invalid", "c.yaml", 1),
    "webhook/keyless": ("pending", "SecretMissing", "d.yaml", 1),
    "inbox/web": ("active", "", "e.yaml", 1),
    "nowhere/lost": ("invalid", "Invalid", "f.yaml", 1),
}
INBOX = {
    "__init__.py": "",
    "manifest.json": json.dumps({"id": "inbox", "name": "Inbox", "routes": [{"path": "incoming"}]}),
    "schema.json": json.dumps({
        "type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}, "required": ["key"],
    }),
    "integration.py": """
import json
from pydantic import BaseModel
from reconciler.sdk import Event, HmacVerifier, Integration, RouteHook, Secret

class Settings(BaseModel):
    key: Secret

class Inbox(Integration):
    integration_id = "inbox"
    Settings = Settings

    def config_enabled(self, config):
        def take(request):
            return Event(type="mail.came", source="/inbox", data=json.loads(request.body))

        RouteHook(config, "incoming", take, verify=HmacVerifier(config.settings.key))
""",
}  # fmt: skip


class Daemon:
    """The process, a client of its port and one of its socket."""

    def __init__(self, folder: Path) -> None:
        self.out, self.configs = folder / "stdout", folder / "configs"
        for name, text in FILES.items():
            self.write(name, text)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        environ |= {"PYTHONPATH": str(install(folder / "site")), "INBOX_KEY": "k"}
        command = [sys.executable, "-m", "reconciler", "--watch", "--listen", "127.0.0.1:0", "--state-dir", "s"]
        with self.out.open("w") as out, (folder / "stderr").open("w") as err:
            self.process = subprocess.Popen(command, cwd=folder, env=environ, stdout=out, stderr=err)
        said = self.wait(lambda: re.search(r"serving (http://127\.0\.0\.1:\d+)", (folder / "stderr").read_text()))
        self.tcp = httpx2.Client(base_url=said[1], timeout=10, trust_env=False)
        socket = httpx2.HTTPTransport(uds=str(folder / "s" / "reconcile.sock"))
        self.unix = httpx2.Client(base_url="http://localhost", transport=socket, timeout=10)

    def write(self, name: str, text: str) -> None:
        self.configs.mkdir(exist_ok=True)
        fresh = self.configs / f".{name}"
        fresh.write_text(text)
        fresh.replace(self.configs / name)

    def wait(self, condition):
        deadline = time.monotonic() + 20
        while not (found := condition()):
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        return found

    def config(self, config_id):
        return self.tcp.get(f"/api/v1/configs/{config_id}").json()

    def end(self) -> int:
        self.tcp.close()
        self.unix.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def install(site: Path) -> Path:
    """Install the integration `inbox`, as pip would."""
    for name, text in INBOX.items():
        (site / "acme_inbox").mkdir(parents=True, exist_ok=True)
        (site / "acme_inbox" / name).write_text(text)
    metadata = site / "acme_inbox-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-inbox\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[reconciler.integrations]\ninbox = acme_inbox\n")
    return site


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    running = Daemon(tmp_path_factory.mktemp("daemon"))
    running.wait(lambda: running.tcp.get("/readyz").status_code == 200)
    yield running
    assert running.end() == 0


def items(daemon, what):
    return {item["id"]: item for item in daemon.tcp.get(f"/api/v1/{what}").json()["items"]}


def test_ready_means_that_every_action_has_an_outcome(daemon):
    told = daemon.wait(lambda: daemon.tcp.get("/api/v1/history").json()["items"])  # on disk a moment after it is ready
    first = told[-1]
    assert first["trigger"] == "start"
    assert {action["status"] for action in first["actions"]} == {"applied", "waiting"}


def test_configurations_are_listed_as_they_are(daemon):
    listed = items(daemon, "configs")
    found = {key: tuple(item[name] for name in ("state", "reason", "file", "line")) for key, item in listed.items()}
    assert found == EXPECTED
    for key, item in listed.items():
        assert item.keys() >= CONFIG_FIELDS
        assert (f"{item['integration']}/{item['name']}", item["stale"]) == (key, False)
        assert (item["digest"] is not None) == (item["state"] == "active")
        assert all(condition["since"] > "2020" for condition in item["conditions"])
    assert "`prefx` is not known" in listed["console/bad"]["message"]
    assert "SURELY_NOT_SET" in listed["webhook/keyless"]["message"]


def test_integrations_are_listed_as_they_are(daemon):
    listed = items(daemon, "integrations")
    states = {key: (item["state"], item["configs"]) for key, item in listed.items()}
    assert states == {
        "console": ("active", 1), "email": ("registered", 0), "inbox": ("active", 1), "slack": ("registered", 0),
        "webhook": ("active", 0),
    }  # fmt: skip
    for item in listed.values():
        assert item.keys() >= INTEGRATION_FIELDS
        assert bool(item["hooks"]) == (item["state"] == "active" and item["id"] != "inbox")
        assert all(condition["since"] > "2020" for condition in item["conditions"])
    assert daemon.config("inbox/web")["hooks"] == ["RouteHook POST /hooks/inbox/web/incoming"]


def test_one_configuration_is_the_item_of_the_list(daemon):
    assert daemon.config("console/live") == items(daemon, "configs")["console/live"]
    assert daemon.tcp.get("/api/v1/configs/console/none").status_code == 404


def test_status_counts_what_the_lists_hold(daemon):
    status = daemon.tcp.get("/api/v1/status").json()
    for what in ("configs", "integrations"):
        states = [item["state"] for item in items(daemon, what).values()]
        assert {state: count for state, count in status[what].items() if count} == {s: states.count(s) for s in states}
    metrics = daemon.tcp.get("/metrics").text
    assert 'reconcile_configs{state="active"} 2.0' in metrics
    assert 'reconcile_integrations{state="registered"} 2.0' in metrics


def test_socket_says_the_same(daemon):
    for path in ("/livez", "/readyz", "/api/v1/configs", "/api/v1/integrations"):
        assert daemon.unix.get(path).json() == daemon.tcp.get(path).json()


@pytest.mark.parametrize("line", ["status", "get", "get console/live", "integrations", "history", "plan"])
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_verb_prints_what_the_daemon_says_with_a_format_version(daemon, capsys, line, form):
    assert run([*line.split(), "-o", form, "--state-dir", str(daemon.configs.parent / "s")]) in {0, 1}
    printed = capsys.readouterr()
    assert printed.err == ""
    value = json.loads(printed.out) if form == "json" else yaml.safe_load(printed.out)
    assert value["format_version"] == 1


def test_health_check_of_the_image_asks_the_daemons_socket(daemon, tmp_path):
    dockerfile = (Path(__file__).parents[2] / "Dockerfile").read_text()
    python, *arguments = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", dockerfile, re.MULTILINE)[1])
    assert python == "python"
    codes = [
        subprocess.run(
            [sys.executable, *arguments], env={"RECONCILE_STATE_DIR": str(folder)}, capture_output=True, timeout=20
        ).returncode
        for folder in (daemon.configs.parent / "s", tmp_path)
    ]
    assert codes == [0, 1]


def test_what_breaks_is_stale_and_what_it_was_is_told(daemon):
    before = daemon.config("console/live")
    daemon.write("a.yaml", FILES["a.yaml"].replace("prefix", "prefx"))
    daemon.wait(lambda: daemon.config("console/live")["stale"])
    broken = daemon.config("console/live")
    assert (broken["state"], broken["reason"], broken["digest"]) == ("active", "Invalid", before["digest"])
    assert broken["desired_digest"] is None
    assert broken["message"].startswith("a.yaml:4: ")
    daemon.write("a.yaml", FILES["a.yaml"])
    daemon.wait(lambda: not daemon.config("console/live")["stale"])
    assert daemon.config("console/live")["desired_digest"] == before["digest"]


def printed(daemon, text):
    daemon.wait(lambda: text in daemon.out.read_text())


def test_event_in_structured_mode_is_delivered(daemon):
    event = {"specversion": "1.0", "id": "s", "source": "/t", "type": "structured.one", "data": {"job": "first"}}
    head = {"content-type": "application/cloudevents+json"}
    answers = [daemon.tcp.post("/events", json=event, headers=head) for _ in range(2)]
    assert [(answer.status_code, answer.json()["receipts"][0]["duplicate"]) for answer in answers] == [
        (202, False), (202, True)
    ]  # fmt: skip
    printed(daemon, "Structured one\n>     Job: first")
    assert daemon.out.read_text().count("Structured one") == 1


def test_event_in_binary_mode_is_delivered(daemon):
    head = {"ce-specversion": "1.0", "ce-id": "b", "ce-source": "/t", "ce-type": "binary.one"}
    assert daemon.tcp.post("/events", json={"job": "second"}, headers=head).status_code == 202
    printed(daemon, "Binary one\n>     Job: second")


def test_event_that_lacks_an_attribute_is_refused_with_its_name(daemon):
    event = {"specversion": "1.0", "id": "s", "source": "/t"}
    answer = daemon.tcp.post("/events", json=event, headers={"content-type": "application/cloudevents+json"})
    assert answer.status_code == 400
    assert "type" in answer.json()["error"]["message"]


def test_signed_request_to_a_route_hook_becomes_an_event(daemon):
    body = b'{"job": "third"}'
    signature = "sha256=" + hmac.new(b"k", body, hashlib.sha256).hexdigest()
    path = "/hooks/inbox/web/incoming"
    assert daemon.tcp.post(path, content=body, headers={"x-hub-signature-256": signature}).status_code == 202
    printed(daemon, "Mail came\n>     Job: third")
    assert daemon.tcp.post(path, content=body, headers={"x-hub-signature-256": signature[::-1]}).status_code == 401


def test_route_goes_with_its_configuration(daemon):
    (daemon.configs / "e.yaml").rename(daemon.configs / "e.off")
    path = "/hooks/inbox/web/incoming"
    daemon.wait(lambda: daemon.tcp.post(path, content=b"").status_code == 404)
    daemon.wait(lambda: items(daemon, "integrations")["inbox"]["state"] == "registered")
    (daemon.configs / "e.off").rename(daemon.configs / "e.yaml")
    daemon.wait(lambda: daemon.tcp.post(path, content=b"").status_code == 401)
