"""Code that reveals a secret and tells it: nothing that the engine shows, keeps or logs holds the value."""

import base64
import json
import logging
from urllib.parse import quote

import pytest
from pydantic import BaseModel, Field, field_validator

from reconciler.model.state import ConfigState
from reconciler.report import items
from reconciler.report.ansi import PLAIN
from reconciler.report.log_format import HumanFormatter, JsonFormatter
from reconciler.sdk import (
    Event,
    EventHook,
    Hook,
    Integration,
    PanelHook,
    ResourceHook,
    Secret,
    TaskHook,
    TerminalError,
)

TOKEN = "xoxb-17/Sesame+Open=="
SPELLINGS = (TOKEN, quote(TOKEN), quote(TOKEN, safe=""), base64.b64encode(f"bot:{TOKEN}".encode()).decode()[8:20])


class Telling(Hook):
    """Says its token wherever it is asked for something."""

    def __init__(self, config, token):
        self.token = token
        super().__init__(config)

    def describe(self):
        return f"telling {self.token}"

    def start(self, host):
        host.report(f"starting with {self.token}", ValueError(self.token))

    def stop(self, reason):
        raise KeyError(self.token)


class Indiscreet(Integration):
    """What it is to do is its configuration's name."""

    integration_id = "indiscreet"
    name = "Indiscreet"
    events = ("note",)
    healthy = True

    def initialize(self):
        EventHook(self, self.deliver)

    def config_enabled(self, config):
        self.token = token = config.get("token").reveal()
        if config.name == "start":
            try:
                raise OSError(f"GET https://api.example.com/?token={quote(token, safe='')}")
            except OSError as error:
                error.add_note(f"Authorization: Basic {base64.b64encode(f'bot:{token}'.encode()).decode()}")
                raise ExceptionGroup(f"with {token}", [ValueError(token), TerminalError(token)]) from error
        if config.name == "hook":
            Telling(config, token)
        if config.name == "panel":
            PanelHook(config, f"Of {token}", lambda: {"token": token, "more": [f"<{token}>"]})
            PanelHook(config, "Fails", self.panel)
        if config.name == "task":
            TaskHook(config, self.task, name=f"task {token}")
        if config.name == "effect":
            ResourceHook(config, f"webhook {token}", lambda: None, lambda handle: None)
        if config.name == "log":
            self.tell(token)

    def tell(self, token):
        self.log.warning("a message with %s and %d", token, 7, extra={"token": [token], "at": ValueError(token)})
        self.log.warning("a mapping %(t)s", {"t": token})
        self.log.warning("arguments that do not fit " + token + " %d", token)  # noqa: G003
        try:
            raise KeyError(token)
        except KeyError:
            self.log.exception("with its traceback %s", "kept")
            self.log.warning("once more", exc_info=True)

    def panel(self):
        raise RuntimeError(self.token)

    async def task(self):
        raise RuntimeError(f"ended with {self.token}")

    def deliver(self, event, config):
        if config.name == "dead":
            raise TerminalError(f"no such token: {config.get('token').reveal()}")
        if config.name == "delivery":
            raise SystemExit(f"bad token {config.get('token').reveal()}")

    def check_health(self, config):
        if config.name == "health":
            raise ConnectionError(f"401 for {quote(config.get('token').reveal())}")

    def config_disabled(self, config):
        raise ValueError(f"cannot disable with {config.get('token').reveal()}")

    def shutdown(self):
        raise ValueError(f"cannot log out with {self.token}")


class Open(BaseModel):
    """A secret in its own type, and one that the schema alone calls so."""

    token: Secret | None = None
    text: str = Field("", json_schema_extra={"writeOnly": True})

    @field_validator("text")
    @classmethod
    def check(cls, text):
        if text.startswith("unfit"):
            raise ValueError(f"cannot read {text}")
        return text


NAMES = ("start", "hook", "panel", "task", "effect", "log", "dead", "delivery", "health", "plain")


@pytest.fixture
def told(harness, caplog):
    """Everything that is told of a life: by the name of the place, a text."""
    caplog.set_level(logging.DEBUG)
    h = harness(Indiscreet)
    (h.secrets / "token").write_text(TOKEN)
    reference = {"secret": "file:token"}
    for name in NAMES:
        h.write(
            f"{name}.yaml", {"integration": "indiscreet", "name": name, "settings": {"token": reference}}, settle=False
        )
    h.start()
    h.deliver(Event(type="note", source="/t"))
    h.settle()
    h.advance(5)
    found = {f"outcome {n}": repr(outcome) for n, outcome in enumerate(h.outcomes)}
    found["panels"] = json.dumps(
        [items.panel_item(one) for one in h.manager.engine.outside.panels("indiscreet").result(5)]
    )
    h.delete("hook.yaml")
    h.advance(1)
    engine = h.manager.engine
    assert h.state("indiscreet/start") is ConfigState.FAILED
    found |= {name: json.dumps(items.config_item(engine.config(name)), default=str) for name in engine.config_ids()}
    found["integrations"] = json.dumps([items.integration_item(one) for one in engine.integrations()])
    found["status"] = json.dumps(items.status_item(engine.status()))
    found["history"] = json.dumps([items.pass_item(one) for one in engine.history(50).result(5)])
    folder = engine.settings.state_dir
    found |= {file.name: file.read_bytes().decode("latin-1") for file in folder.iterdir() if file.is_file()}
    h.stop()
    found |= {
        f"{file.name} at rest": file.read_bytes().decode("latin-1") for file in folder.iterdir() if file.is_file()
    }
    for formatter in (
        JsonFormatter(),
        HumanFormatter(PLAIN),
        logging.Formatter("%(message)s %(fields)s", defaults={"fields": ""}),
    ):
        found[f"log of {type(formatter).__name__}"] = "\n".join(map(formatter.format, caplog.records))
    return found


def test_revealed_secret_is_told_nowhere(told):
    log = told["log of HumanFormatter"]
    assert [where for where, text in told.items() for spelling in SPELLINGS if spelling in text] == []
    assert [name for name in NAMES if "***" not in f"{told.get(f'indiscreet/{name}')}{log}"] == []
    for said in (
        "a message with *** and 7",
        "a mapping ***",
        "arguments that do not fit *** %d",
        "KeyError: '***'",
        "RuntimeError: ended with ***",
        "bad token ***",
        "cannot log out with ***",
        "cannot disable with ***",
        "token=***",
        "starting with ***",
        'raise ExceptionGroup(f"with {token}"',
    ):
        assert said in log, said
    assert "***" in told["queue.db at rest"]
    assert "401 for ***" in told["indiscreet/health"]
    assert json.loads(told["panels"])[0]["data"] == {"token": "***", "more": ["<***>"]}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"token": "open-sesame"}, "ValueError: bad ***"),
        ({"text": "open-sesame"}, "ValueError: bad ***"),
        ({"text": "unfit-sesame"}, "indiscreet/a: settings.text: Value error, cannot read ***"),
    ],
)
def test_literal_in_the_place_of_a_secret_is_told_nowhere(harness, caplog, settings, message, plain):
    def tell(self, config):
        token = config.settings.token
        raise ValueError(f"bad {token.reveal() if token else config.settings.text}")

    # Where nothing is called for one configuration, a start of many goes another way.
    method = "check_health" if plain else "config_enabled"
    tells = type("Tells", (Integration,), {"integration_id": "indiscreet", "Settings": Open, method: tell})
    h = harness(tells, allow_plaintext_secrets=True)
    h.start()
    h.write("a.yaml", {"integration": "indiscreet", "name": "a", "settings": settings})
    h.settle()
    shown = json.dumps(items.config_item(h.config("indiscreet/a")))
    assert message in shown
    assert "sesame" not in f"{shown}{caplog.text}{h.outcomes}"
