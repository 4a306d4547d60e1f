"""`reconcile trace`: who gets an event, why the others do not, and what would be sent."""

import io
import json

import pytest

from reconciler.cli.app import run
from reconciler.config.yaml.reader import read_documents

CONFIGS = {
    "red": {"events": [{"type": "build.*", "when": 'data.status == "failed" && data.branch == "main"'}]},
    "web": {"events": [{"type": "build.finished"}], "scope": {"team": "web"}},
    "off": {"events": [{"type": "**"}], "enabled": False},
    "deploys": {"events": [{"type": "deploy.done"}]},
}
FAILED = '{"status": "failed", "branch": "main"}'


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A directory of four configurations, one of them of another type, and one that is invalid."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "configs").mkdir()
    for name, keys in CONFIGS.items():
        document = {"integration": "console", "name": name, **keys}
        (tmp_path / "configs" / f"{name}.yaml").write_text(json.dumps(document))
    (tmp_path / "configs" / "bad.yaml").write_text("integration: console\nname: bad\nsettings: {prefx: x}\n")
    return tmp_path


@pytest.fixture
def trace(root, capsys):
    """Run the verb; returns the exit code and what was printed."""

    def call(*arguments):
        code = run(["trace", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_tree_shows_who_receives_and_who_nearly_does(trace):
    code, out, _ = trace("--type", "build.finished", "-d", FAILED)
    assert code == 0
    assert out == (
        "build.finished from /reconcile/trace\n"
        "├─ ✓ console/red  configs/red.yaml:1\n"
        '│      events[0]: build.*, when data.status == "failed" && data.branch == "main"\n'
        "│      message\n"
        "│        title: Build finished\n"
        "│        severity: error\n"
        "│        fields:\n"
        "│          Status: failed\n"
        "│          Branch: main\n"
        "│      prints to stdout\n"
        "│        [red] error: Build finished\n"
        "│            Status: failed | Branch: main\n"
        "├─ ✗ console/off  configs/off.yaml:1\n"
        "│      it is disabled\n"
        "├─ ✗ console/web  configs/web.yaml:1\n"
        "│      scope: team must be web, the event has none\n"
        "└─ and 1 for other types, 1 invalid (--all lists them)\n"
        "! configs/bad.yaml has errors, and what is invalid takes no part: `reconcile validate` says more\n"
        "✓ 1 of 5 configurations receives it\n"
    )


def test_filter_that_is_false_is_told_with_what_it_saw(trace):
    _, out, _ = trace("--type", "build.finished", "-d", '{"status": "passed", "branch": "main"}', "-c", "console/red")
    assert 'data.status == "failed" is false: data.status is "passed"' in out
    assert "! console/red does not receive it\n" in out


def test_event_file_is_traced(trace, root):
    event = {"specversion": "1.0", "id": "7", "source": "/ci", "type": "build.finished", "team": "web"}
    (root / "event.json").write_text(json.dumps(event))
    _, out, _ = trace("event.json")
    assert "✓ console/web" in out and "from /ci team=web" in out


def test_event_on_stdin_is_traced(trace, monkeypatch):
    event = {"specversion": "1.0", "id": "7", "source": "/ci", "type": "deploy.done"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(event)))
    assert "✓ console/deploys" in trace("-")[1]


def test_all_lists_every_configuration(trace):
    _, out, _ = trace("--type", "build.finished", "--all")
    assert "type: it asks for deploy.done" in out
    assert "configs/bad.yaml:3:12: error[unknown-key]" in out
    assert "--all" not in out


def test_type_that_nobody_asks_for_is_told_with_the_nearest(trace):
    assert "did you mean deploy.done?" in trace("--type", "deploy.don")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--type", "deploy.done", "--exit-code"], 0),
        (["--type", "nothing", "--exit-code"], 1),
        (["--type", "nothing"], 0),
        (["--type", "deploy.done", "-c", "console/red", "--exit-code"], 1),
    ],
)
def test_exit_code_tells_whether_somebody_receives(trace, arguments, code):
    assert trace(*arguments)[0] == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected one event"),
        (["x.json", "--type", "x"], "expected one event"),
        (["nowhere.json"], "cannot read nowhere.json"),
        (["@nowhere"], "cannot read nowhere"),
        (["build.finished"], "build.finished was taken for a file, and there is none"),
        (["build.finished", "-d", "{}"], "for an event of that type, write --type build.finished"),
        (["x.json", "--data", "1"], "carries its own attributes"),
        (["--type", "x", "-d", "{"], "expected JSON"),
        (["--type", "x", "-c", "console/redd"], "did you mean 'console/red'?"),
        (["--type", "x", "--dir", "nowhere"], "does not exist"),
        (["--type", "x", "-o", "xml"], "expected table, json or yaml"),
    ],
)
def test_mistake_is_one_sentence_and_exit_code_2(trace, arguments, message):
    code, _, err = trace(*arguments)
    assert (code, message in err, "Traceback" in err) == (2, True, False)


def test_json_holds_the_reasons_and_what_would_be_sent(trace):
    value = json.loads(trace("--type", "build.finished", "-d", '{"status": "failed"}', "-o", "json")[1])
    by_id = {item["id"]: item for item in value["configs"]}
    (reason,) = by_id["console/red"]["filters"][0]["when"]["reasons"]
    assert reason["error"] == "there is no `branch` in data: it has status"
    assert by_id["console/web"]["scope"] == [{"key": "team", "allowed": ["web"], "found": None}]
    assert value["others"] == {"invalid": 1, "type": 1}
    assert value["summary"] == {"configs": 5, "receive": 0}


def test_yaml_is_the_same_value(trace):
    arguments = ("--type", "deploy.done", "--scope", "team=x")
    value, text = json.loads(trace(*arguments, "-o", "json")[1]), trace(*arguments, "-o", "yaml")[1]
    (document,) = read_documents(text.encode(), "x").documents
    assert document.value["configs"] == value["configs"]
    assert value["configs"][0]["would_send"]["sent"] == [{"stdout": "[deploys] info: Deploy done\n"}]


def test_secrets_of_the_process_are_not_read(trace, root, monkeypatch):
    monkeypatch.setenv("HOOK", "https://hooks.example.com/very-secret")
    config = "integration: slack\nname: a\nsettings: {webhook_url: {secret: 'env:HOOK'}}\nevents: [{type: x}]\n"
    (root / "configs" / "slack.yaml").write_text(config)
    _, out, err = trace("--type", "x", "-o", "json")
    assert "very-secret" not in out + err
    assert '"url": "<secret env:HOOK>"' in out


def test_many_configurations_are_counted_and_not_listed(trace, root):
    many = "---\n".join(f"integration: console\nname: n{i}\nevents: [{{type: many}}]\n" for i in range(120))
    (root / "configs" / "many.yaml").write_text(many)
    _, out, _ = trace("--type", "many")
    assert out.count("✓ console/") == 50
    assert "70 more that receive it" in out
    assert "✓ 120 of 125 configurations receive it" in out


def test_literal_secret_is_masked(trace, root):
    settings = "{bot_token: xoxb-very-secret, channel: '#x'}"
    config = f"integration: slack\nname: a\nsettings: {settings}\nevents: [{{type: x}}]\n"
    (root / "configs" / "slack.yaml").write_text(config)
    code, out, err = trace("--type", "x", "-o", "json", "--allow-plaintext-secrets")
    assert (code, "very-secret" in out + err) == (0, False)
    assert '"authorization": "Bearer **********"' in out
