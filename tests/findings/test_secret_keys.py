"""What is masked by the names that schemas know, whoever asks for which findings: one of several, or all."""

import pytest

from reconciler.cli.showing.sources import LazySecretKeys
from reconciler.config.catalogue import Catalogue
from reconciler.config.explain.secret_keys import SecretKeys
from reconciler.report.findings.text import TextReport

SCHEMA = """{"properties": {
  "number": {"type": "string", "writeOnly": true}, "mail": {"anyOf": [{"type": "string", "writeOnly": true}, {"type": "null"}]},
  "extras": {"type": "object", "properties": {"code": {"$ref": "#/$defs/code"}, "word": {"type": "string", "writeOnly": true}}}},
  "additionalProperties": false, "$defs": {"code": {"type": "string"}}}"""


@pytest.fixture
def keys(folder):
    folder.write("pager/schema.json", SCHEMA)
    return SecretKeys(Catalogue())


def test_judged_file_has_the_keys_that_are_secret_themselves(keys):
    assert keys(b"integration: pager\n", judged=True) == {"number", "mail", "word"}


def test_other_file_has_those_beneath_which_a_secret_may_stand_too(keys):
    assert {"number", "mail", "word", "extras", "bot_token"} <= keys(b"x: [\nintegration: 'pager'\n", judged=False)


def test_file_that_names_no_integration_has_those_of_all(keys):
    assert {"bot_token", "signing_secret", "number"} <= keys(b"name: x\n", judged=False)


def test_file_of_another_integration_has_its_own(keys):
    assert keys(b"integration: slack\n", judged=True) == {"bot_token", "webhook_url"}


def test_one_finding_alone_shows_no_secret_of_its_line(folder):
    """The finding that knows the secret may be left out: by a filter, or since only one configuration was asked for."""
    folder.write("pager/schema.json", SCHEMA)
    folder.write("a.yaml", "integration: pager\nname: a\nsettings: {number: hunter2, colour: red}\n")
    unknown = [found for found in folder.validate().diagnostics if found.rule == "unknown-key"]
    shown = "".join(TextReport(source=folder.source, secret_keys=LazySecretKeys()).render(unknown))
    assert "settings: {number: *******, colour: ***}" in shown
