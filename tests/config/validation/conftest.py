"""Integrations that exist as files alone, on a path of the test's own, and a validator that knows only those."""

import json

import pytest

from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator
from reconciler.config.yaml.reader import read_documents

SECRET = {"type": "string", "writeOnly": True, "minLength": 8}
CHAT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "token": {**SECRET, "pattern": "^tok-"},
        "hook": {"anyOf": [SECRET, {"type": "null"}], "default": None},
        "channel": {"type": "string", "pattern": "^#[a-z]+$", "description": "A channel, such as #builds."},
        "retries": {"type": "integer", "minimum": 0, "maximum": 5},
        "loud": {"type": "boolean"},
        "mode": {"enum": ["thread", "channel"]},
        "to": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string", "format": "email"}},
        "url": {"type": "string", "format": "uri"},
        "body": {"type": "string", "x-template": True},
        "headers": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {"^[A-Za-z-]+$": {"anyOf": [{"type": "string", "maxLength": 40}, SECRET]}},
        },
    },
    "oneOf": [{"required": ["token"]}, {"required": ["hook"]}],
    "dependentRequired": {"token": ["channel"]},
}
SHAPES = {
    "type": "object",
    "properties": {
        "shape": {
            "oneOf": [
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["kind", "radius"],
                    "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}},
                },
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["kind", "side"],
                    "properties": {"kind": {"const": "square"}, "side": {"type": "number"}},
                },
            ]
        },
        "size": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]},
        "auth": {
            "anyOf": [
                {"required": ["user", "password"], "properties": {"user": {"type": "string"}, "password": SECRET}},
                {"required": ["key"], "properties": {"key": SECRET}},
            ]
        },
        "tls": {"$ref": "#/$defs/tls"},
        "security": {"enum": ["none", "tls"]},
        "password": SECRET,
    },
    "if": {"properties": {"security": {"const": "none"}}, "required": ["security"]},
    "then": {"properties": {"password": False}},
    "else": {"required": ["tls"]},
    "$defs": {"tls": {"type": "object", "additionalProperties": False, "properties": {"key": {"$ref": "#/$defs/pem"}}},
              "pem": SECRET},
}  # fmt: skip
INTEGRATIONS = {
    "chat": ({"events": [{"type": "build.finished"}, {"type": "review.published"}, {"type": "tick.*"}],
              "ignored_settings": [{"setting": "channel", "when_present": "hook", "reason": "hooks know theirs"}]}, CHAT),
    "shapes": ({}, SHAPES),
    "broken": ({}, {"type": "strin"}),
    "remote": ({}, {"$ref": "https://example.com/schema.json"}),
}  # fmt: skip


class Site:
    """A folder on the import path into which distributions are written; none of their code may run."""

    def __init__(self, folder):
        self.folder = folder
        self.ids = {}

    def add(self, integration_id, schema=None, *, distribution="acme", code="raise SystemExit(9)\n", **manifest):
        package = self.folder / "acme_integrations" / integration_id
        package.mkdir(parents=True, exist_ok=True)
        for init in (package.parent / "__init__.py", package / "__init__.py", package / "integration.py"):
            init.write_text(code)
        manifest = {"id": integration_id, "name": integration_id.title(), **manifest}
        (package / "manifest.json").write_text(json.dumps(manifest))
        (package / "schema.json").write_text(json.dumps({"type": "object"} if schema is None else schema))
        self.ids.setdefault(distribution, {})[integration_id] = f"acme_integrations.{integration_id}"
        self.write_entry_points(distribution)
        return package

    def write_entry_points(self, distribution, kind="1.0.dist-info"):
        folder = self.folder / f"{distribution}-{kind}"
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {package}" for name, package in self.ids[distribution].items()]
        text = "[console_scripts]\nx = y:z\n\n[reconciler.integrations]\n" + "\n".join(lines) + "\n\n[other]\na = b\n"
        (folder / "entry_points.txt").write_text(text)


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Site(folder)


class Judge:
    """A validator and shorthands for it."""

    def __init__(self, folder, **options):
        self.secrets = folder / "secrets"
        self.environ = {}
        self.resolver = SecretResolver(self.secrets, self.environ)
        self.catalogue = Catalogue()
        self.validator = Validator(self.catalogue, secrets=self.resolver, **options)

    def check(self, text):
        result = read_documents(text.encode(), "a.yaml")
        assert result.diagnostics == ()
        (document,) = result.documents
        return self.validator.check(document, "a.yaml")

    def settings(self, settings, integration="chat"):
        return self.check(json.dumps({"integration": integration, "name": "a", "settings": settings}))

    def rules(self, text):
        return [d.rule for d in self.check(text).diagnostics]


@pytest.fixture
def judge(site, tmp_path):
    for name, (manifest, schema) in INTEGRATIONS.items():
        site.add(name, schema, **manifest)
    return Judge(tmp_path)


@pytest.fixture
def lenient(judge, tmp_path):
    return Judge(tmp_path, allow_plaintext_secrets=True)
