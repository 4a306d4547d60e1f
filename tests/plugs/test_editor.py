"""What `init` writes for editors, driven by the real yaml-language-server: completion, hover, and mistakes marked on the
lines on which `validate` finds them, wherever a JSON Schema can say so."""

import json

import pytest
from lsp import LanguageServer
from plugs import ROOT, node_tool

from reconciler.cli.app import run
from reconciler.config.run.run import validate_paths
from reconciler.report.rules.pages import rule_page

pytestmark = pytest.mark.slow

CONSOLE = "integration: console\nname: a\n"
SLACK = 'integration: slack\nname: a\nsettings:\n  channel: "#x"\n'
BAD = {
    "unknown key": (CONSOLE + "evnts: []\n", "Property evnts is not allowed"),
    "unknown setting": (SLACK + '  bot_token: {secret: "env:T"}\n  chanel: x\n', "Property chanel is not allowed"),
    "unknown key of delivery": (CONSOLE + "delivery:\n  retryfor: 5m\n", "Property retryfor is not allowed"),
    "no name": ("integration: console\nsettings: {}\n", 'Missing property "name"'),
    "no integration": ("name: a\n", 'Missing property "integration"'),
    "no setting that is needed": (
        "integration: webhook\nname: a\nsettings:\n  method: POST\n",
        'Missing property "url"',
    ),
    "no settings": ("integration: webhook\nname: a\n", 'Missing property "settings"'),
    "no type of an event": (CONSOLE + 'events:\n  - type: x\n  - when: "true"\n', 'Missing property "type"'),
    "misspelt integration": ("# it\nintegration: consle\nname: a\n", 'Valid values: "console", "email"'),
    "yes": (CONSOLE + "enabled: yes\n", "expected true or false, written so: yes, no, on and off are text"),
    "number as a label": (CONSOLE + "labels:\n  tier: 1\n", "expected text: put"),
    "name with a space": ("integration: console\nname: A b\n", "expected a name of a-z and 0-9"),
    "duration in words": (CONSOLE + "delivery:\n  retry_for: 5 minutes\n", "expected a duration such as 30s"),
    "value out of a list": (CONSOLE + "settings:\n  stream: out\n", 'Valid values: "stdout", "stderr"'),
    "text that is no address": ("integration: webhook\nname: a\nsettings:\n  url: nope\n", "absolute http or https"),
    "octal": (
        "integration: webhook\nname: a\nsettings:\n  url: https://x.example/\n  timeout: 010\n",
        "Incorrect type",
    ),
    "literal secret": (SLACK + "  bot_token: xoxb-1\n", 'expected a reference such as {secret: "env:NAME"}'),
    "reference without a scheme": (SLACK + "  bot_token: {secret: nope}\n", "expected env:NAME"),
    "variable of our own": (SLACK + '  bot_token: {secret: "env:RECONCILE_TOKEN"}\n', "but for RECONCILE_*"),
    "part of a word": (CONSOLE + "events:\n  - type: build*\n", "* and ** are whole words"),
    "severity": (CONSOLE + "message:\n  severity: fatal\n", "expected info, success, warning or error"),
    "two ways at once": (
        SLACK + '  bot_token: {secret: "env:T"}\n  webhook_url: {secret: "env:U"}\n',
        "bot_token and webhook_url exclude each other",
    ),
    "key of a scope": (CONSOLE + "scope:\n  Team: x\n", "expected a key of 1 to 20 characters"),
    "settings of nothing": ("integration: slack\nname: a\nsettings:\n", "expected a mapping of settings"),
    "a list": ("- a\n", "Incorrect type"),
    "key that is there twice": (CONSOLE + "name: b\n", "Map keys must be unique"),
    "tag": ("integration: console\nname: !x a\n", "Unresolved tag"),
    "alias of nothing": ("integration: console\nname: *x\n", "Unresolved alias"),
    "second document": (CONSOLE + "---\nintegration: console\nname: b\nenabled: 1\n", "expected true or false"),
    "several": ("integration: console\nname: A\nsettings:\n  stream: 1\nlabels: []\nextra: 1\n", "Property extra"),
}
"""Text by what is wrong with it, and what the editor says of it, among other things."""
EXPRESSIBLE = (
    "duplicate-key", "invalid-duration", "invalid-name", "invalid-value", "missing-key", "number-range", "plaintext-secret",
    "unknown-integration", "unknown-key", "wrong-type", "yaml-syntax",
)  # fmt: skip
"""The rules that a JSON Schema, or any reader of YAML, can hold a file to: their pages' examples are bad files here."""
SCHEMA_RULES = {*EXPRESSIBLE} - {"invalid-value", "yaml-syntax"}
"""Those of them that are always found on the same line."""
BAD |= {f"{rule} {page.name}": (page.body, "") for rule in EXPRESSIBLE for page in rule_page(rule).bad}


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """A language server in a repository that `init` has set up, with the settings that it wrote."""
    command = (node_tool(".bin/yaml-language-server"), "--stdio")
    folder = tmp_path_factory.mktemp("repository")
    assert run(["init", str(folder)]) == 0
    settings = json.loads((folder / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    server = LanguageServer(command, folder, {"schemas": settings["yaml.schemas"]})
    yield server
    server.close()


@pytest.fixture(scope="module")
def marked(editor):
    """What the editor marks in each of the bad files, all opened before the first is asked for."""
    opened = {name: editor.open(f"configs/{name}.yaml", text) for name, (text, _) in BAD.items()}
    return {name: editor.findings(uri) for name, uri in opened.items()}


@pytest.mark.parametrize("name", BAD)
def test_mistake_is_marked_on_the_line_that_validate_names(marked, tmp_path, name):
    text, told = BAD[name]
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    ours = {found.span.line for found in validate_paths([tmp_path / "a.yaml"]).diagnostics if found.is_error}
    assert {line for line, _ in marked[name]} == ours
    assert any(told in message for _, message in marked[name]), marked[name]


def test_no_line_of_the_collected_mistakes_is_missed_that_a_schema_can_know(editor):
    files = [path for path in (ROOT / "tests" / "findings" / "bad").glob("*.yaml") if ".test." not in path.name]
    opened = {path: editor.open(f"configs/{path.name}", path.read_text(encoding="utf-8")) for path in files}
    missed = []
    for path, uri in opened.items():
        lines = {line for line, _ in editor.findings(uri)}
        found = validate_paths([path]).diagnostics
        missed += [
            (path.name, one.span.line) for one in found if one.rule in SCHEMA_RULES and one.span.line not in lines
        ]
    assert len(files) > 40
    assert missed == []


def test_what_init_wrote_has_no_mistake(editor):
    file = "configs/console/example.yaml"
    text = (editor.folder / file).read_text(encoding="utf-8")
    assert editor.findings(editor.open(file, text)) == []


def test_test_files_have_a_schema_of_their_own(editor):
    good = "cases:\n  - name: x\n    event: {type: y}\n    expect: nobody\n"
    opened = [
        editor.open(f"configs/{name}.test.yaml", text) for name, text in (("a", good), ("b", f"{good}    skp: x\n"))
    ]
    assert [[line for line, _ in editor.findings(uri)] for uri in opened] == [[], [5]]


@pytest.mark.parametrize("file", ["configs/x/_shared.yaml", "other.yaml"])
def test_files_that_are_no_configurations_are_left_alone(editor, file):
    assert editor.findings(editor.open(file, "cases: []\n")) == []


def test_first_line_of_a_file_is_enough(editor):
    text = "# yaml-language-server: $schema=../configs/schema.json\nintegration: console\nname: a\nevnts: []\n"
    assert [line for line, _ in editor.findings(editor.open("elsewhere/a.yaml", text))] == [4]


def test_settings_of_the_integration_are_offered_with_what_they_mean(editor):
    uri = editor.open("configs/offered.yaml", "integration: slack\nname: a\nsettings:\n  \n")
    offered = editor.complete(uri, 4, 3)
    assert {"bot_token", "channel", "webhook_url"} <= set(offered)
    assert "evnts" not in offered
    assert "stream" not in offered
    assert offered["channel"]["documentation"].startswith("Where messages go")


def test_integrations_are_offered_with_what_they_do(editor):
    uri = editor.open("configs/which.yaml", "integration: \n")
    offered = editor.complete(uri, 1, 14)
    assert {"console", "email", "slack", "webhook"} <= set(offered)
    assert "SMTP" in offered["email"]["documentation"]


def test_whole_configuration_is_offered_with_the_settings_it_needs(editor):
    uri = editor.open("configs/whole.yaml", "\n")
    body = editor.complete(uri, 1, 1)["slack configuration"]["insertText"]
    assert body.splitlines()[:3] == ["integration: slack", "name: ${1:name}", "settings:"]
    assert "  bot_token:" in body


def test_secret_is_offered_as_a_reference(editor):
    uri = editor.open("configs/secret.yaml", "integration: slack\nname: a\nsettings:\n  bot_token: \n")
    offered = editor.complete(uri, 4, 14)
    assert offered["env"]["insertText"].strip() == "secret: env:${1:NAME}"


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [(1, 2, "Posts messages to a Slack channel"), (2, 2, "unique within the integration"), (4, 5, "Where messages go"),
     (6, 5, "Example:\n\n```yaml\n1h30m"), (5, 3, "How deliveries are made")],
)  # fmt: skip
def test_hover_explains(editor, line, column, told):
    text = SLACK + "delivery:\n  retry_for: 1h\n"
    uri = editor.open(f"configs/hover-{line}.yaml", text)
    assert told in editor.hover(uri, line, column)
