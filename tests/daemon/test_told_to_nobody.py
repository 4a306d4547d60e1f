"""A daemon whose integration tells its secret wherever it can: no output and no file of the daemon holds the value."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest

TOKEN, LITERAL = "glpat-16/Sesame+Open==", "opened-by-a-literal"
NAMES = ("start", "hook", "delivery", "literal")
SHOWN = (TOKEN, quote(TOKEN, safe=""), LITERAL)
PATHS = (
    "/api/v1/status", "/api/v1/plan", "/api/v1/history", "/api/v1/integrations", "/api/v1/integrations/probe",
    "/api/v1/configs", *(f"/api/v1/configs/probe/{name}" for name in NAMES), "/api/v1/integrations/probe/panels",
    "/metrics",
)  # fmt: skip
INTEGRATION = '''
"""Tells its secret."""
import asyncio
import logging
import threading
import warnings
from urllib.parse import quote

from reconciler.sdk import EventHook, Hook, Integration, PanelHook


class Telling(Hook):
    def start(self, host):
        pass

    def describe(self):
        return f"telling {self.token}"

    def stop(self, reason):
        raise KeyError(self.token)


class ProbeIntegration(Integration):
    integration_id = "probe"

    def initialize(self):
        EventHook(self, self.deliver)
        PanelHook(self, "Token", lambda: {"token": self.token})

    async def config_enabled(self, config):
        self.token = token = config.get("token").reveal()
        self.log.warning("reads %s", token, extra={"token": token})
        logging.getLogger("library").error("GET /?t=%s", quote(token, safe=""), exc_info=OSError(token))
        logging.getLogger("library").error("does not fit %d", token)
        warnings.warn(f"the token {token} expires", stacklevel=1)
        threading.Thread(target=self.fail, args=(token,)).start()
        self.kept = asyncio.ensure_future(self.fail_later(token))
        if config.name == "start":
            raise ValueError(f"bad token {token}") from OSError(token)
        if config.name == "hook":
            hook = Telling(config)
            hook.token = token

    def fail(self, token):
        raise RuntimeError(f"in a thread: {token}")

    async def fail_later(self, token):
        asyncio.get_running_loop().call_soon(self.fail, token)

    def deliver(self, event, config):
        if config.name == "delivery":
            raise RuntimeError(f"401 for https://bot:{config.get('token').reveal()}@example.com")

    def shutdown(self):
        raise ValueError(f"cannot log out with {self.token}")
'''


def cli(root, *arguments, env=None):
    command = [sys.executable, "-m", "reconciler", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=env)
    return done.stdout + done.stderr


def write(root):
    (root / "site" / "probe_integration" / "integration.py").write_text(INTEGRATION)
    (root / "configs" / "a.yaml").unlink()
    for name in NAMES:
        token = LITERAL if name == "literal" else "{secret: 'env:TOKEN', format: 'Bearer {}'}"
        text = f"integration: probe\nname: {name}\nsettings: {{token: {token}}}\nevents: [{{type: note}}]\n"
        (root / "configs" / f"{name}.yaml").write_text(text)


@pytest.mark.slow
def test_one_pass_tells_no_secret_either(root):
    write(root)
    environ = {**os.environ, "TOKEN": TOKEN, "PROBE_FOLDER": str(root), "PYTHONPATH": str(root / "site")}
    text = cli(root, "--allow-plaintext-secrets", "--log-level", "debug", env=environ)
    assert [one for one in SHOWN if one in text] == []
    assert "bad token Bearer ***" in text
    assert "in a thread: ***" in text


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["human", "json"])
def test_what_code_tells_of_a_secret_reaches_nobody(root, start, log_format):
    write(root)
    options = ("--allow-plaintext-secrets", "--log-format", log_format, "--log-level", "debug")
    daemon = start(*options, environ={"TOKEN": TOKEN})
    daemon.until(lambda: (daemon.ask("GET", "/readyz") or [0])[0] == 200, "ready")
    assert daemon.send(1)[0] == 202
    daemon.until(lambda: "401 for" in daemon.ask("GET", "/api/v1/configs/probe/delivery")[2], "the failed delivery")
    told = {path: daemon.ask("GET", path)[2] for path in PATHS}
    asked = [("get", "probe/start", "-o", "json")] if log_format == "json" else [("status",), ("history",)]
    told |= {" ".join(words): cli(root, *words) for words in asked}
    daemon.signal()
    daemon.code()
    told |= {"stderr": daemon.err.read_text(), "stdout": daemon.out.read_text()}
    told |= {f.name: f.read_bytes().decode("latin-1") for f in (root / ".reconcile").iterdir() if f.is_file()}
    assert [place for place, text in told.items() for one in SHOWN if one in text] == []
    for said in (
        "reads Bearer ***",
        "reads ***",
        "GET /?t=",
        "does not fit %d",
        "expires",
        "in a thread: Bearer ***",
        "log out with Bearer ***",
    ):
        assert said in told["stderr"], said
    assert "bad token Bearer ***" in told["/api/v1/configs/probe/start"]
