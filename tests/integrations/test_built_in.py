"""What holds for every built-in integration: manifest, schema, README and examples agree with the code."""

import importlib
import json
import re
import subprocess
import sys

import jsonschema
import jsonschema_rs
import pytest
import yaml

from reconciler.core.template.template import check_template
from reconciler.model.secret import Secret, SecretRef

NAMES = ["console", "email", "slack", "webhook"]


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(params=NAMES)
def package(request, root):
    return root / "integrations" / "reconciler_integrations" / request.param


def with_values(settings, wrap=str):
    """Return settings with a value at the place of each secret reference."""
    if SecretRef.parse(settings) is not None:
        return wrap("https://secret.example/value")
    if isinstance(settings, dict):
        return {key: with_values(value, wrap) for key, value in settings.items()}
    return [with_values(value, wrap) for value in settings] if isinstance(settings, list) else settings


def templates_of(document):
    message = document.get("message", {})
    yield from (text for text in message.values() if isinstance(text, str))
    for field in message.get("fields", []):
        yield from (field["title"], field["value"])
    if document["integration"] == "webhook" and "body" in document["settings"]:
        yield document["settings"]["body"]


def check_document(root, document):
    name = document["integration"]
    schema = load(root / "integrations" / "reconciler_integrations" / name / "schema.json")
    settings = document.get("settings", {})
    jsonschema_rs.validator_for(schema).validate(with_values(settings))
    module = importlib.import_module(f"reconciler_integrations.{name}.settings")
    getattr(module, f"{name.capitalize()}Settings").model_validate(with_values(settings, Secret))
    assert [reason for text in templates_of(document) if (reason := check_template(text))] == []
    assert document.keys() <= {
        "integration", "name", "description", "enabled", "scope", "labels", "settings", "events", "message", "delivery",
    }  # fmt: skip
    assert document["events"]


def test_schemas_are_what_the_settings_say(root):
    script = [sys.executable, str(root / "scripts" / "write_schemas.py"), "--check"]

    result = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False)

    assert (result.returncode, result.stdout) == (0, ""), "run scripts/write_schemas.py"


def test_schema_is_a_valid_schema(package):
    schema = load(package / "schema.json")

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    assert schema["additionalProperties"] is False
    assert all("description" in each for each in schema["properties"].values())


def test_defaults_fit_their_schema(package):
    for each in load(package / "schema.json")["properties"].values():
        if "default" in each:
            jsonschema_rs.validator_for(each).validate(each["default"])


def test_manifest_names_the_code(package):
    manifest = load(package / "manifest.json")
    schema = load(package / "schema.json")
    module = importlib.import_module(f"reconciler_integrations.{package.name}.integration")

    assert manifest["id"] == package.name == getattr(module, f"{package.name.capitalize()}Integration").integration_id
    assert manifest["name"] and manifest["description"]
    for ignored in manifest["ignored_settings"]:
        assert {ignored["setting"], ignored["when_present"]} <= schema["properties"].keys() and ignored["reason"]


def test_readme_names_every_setting(package):
    readme = (package / "README.md").read_text(encoding="utf-8")

    missing = [name for name in load(package / "schema.json")["properties"] if f"`{name}`" not in readme]
    assert missing == []


def test_readme_example_is_valid(package, root):
    examples = re.findall(
        r"^```yaml\n(.*?)^```", (package / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )

    assert len(examples) == 1
    check_document(root, yaml.safe_load(examples[0]))


def test_examples_are_valid(root):
    found = (root / "examples" / "configs").rglob("*.yaml")
    files = sorted(file for file in found if not file.name.endswith(".test.yaml"))
    documents = [document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))]

    assert len(files) >= 4
    assert len({(d["integration"], d["name"]) for d in documents}) == len(documents)
    for document in documents:
        check_document(root, document)
        assert "secret:" not in str(document["settings"])


def test_package_costs_nothing_to_import(package):
    code = (
        f"import sys, reconciler_integrations.{package.name}; print('pydantic' in sys.modules, 'httpx2' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert result.stdout.split() == ["False", "False"]


SLACK = [
    ({"bot_token": "x", "channel": "#a"}, True),
    ({"bot_token": "x", "channel": "@ada"}, True),
    ({"bot_token": "x", "channel": "C0123ABCD"}, True),
    ({"webhook_url": "https://hooks.slack.com/services/T/B/x"}, True),
    ({"webhook_url": "https://hooks.slack.com/services/T/B/x", "channel": "#a"}, True),
    ({"webhook_url": "hooks.slack.com"}, False),
    ({"bot_token": "x"}, False),
    ({"bot_token": "x", "channel": "a"}, False),
    ({"bot_token": "x", "channel": "#" + "é" * 80}, True),
    ({"bot_token": "x", "channel": "@" + "é" * 81}, False),
    ({"bot_token": "x", "channel": "#a", "icon_emoji": f":{'é' * 100}:"}, True),
    ({"bot_token": "x", "channel": "#a", "icon_emoji": f":{'é' * 101}:"}, False),
    ({"bot_token": "x", "channel": "#a", "webhook_url": "https://x"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("settings", "valid"), SLACK)
def test_slack_schema_and_model_agree(root, settings, valid):
    schema = load(root / "integrations" / "reconciler_integrations" / "slack" / "schema.json")
    from reconciler_integrations.slack.settings import SlackSettings

    assert jsonschema_rs.is_valid(schema, settings) is valid
    if valid:
        SlackSettings.model_validate(settings)
    elif "webhook_url" not in settings or "bot_token" in settings:
        with pytest.raises(ValueError):
            SlackSettings.model_validate(settings)
