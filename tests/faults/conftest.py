"""Installs integrations of one's own beside the built-in ones: packages whose code must not run unless it is wanted."""

import json

import pytest


class Site:
    """A folder on the import path; `add` installs one integration into it."""

    def __init__(self, folder):
        self.folder = folder
        self._ids = []

    def add(self, integration_id, schema, code="raise SystemExit('imported')\n", **manifest):
        """Write the package `acme_<id>` with its entry point; by default importing any of it would end the process."""
        package = self.folder / f"acme_{integration_id}"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "integration.py").write_text(code)
        (package / "manifest.json").write_text(json.dumps({"id": integration_id, "name": integration_id, **manifest}))
        (package / "schema.json").write_text(schema if isinstance(schema, str) else json.dumps(schema))
        self._ids.append(integration_id)
        metadata = self.folder / "acme-1.0.dist-info"
        metadata.mkdir(exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        lines = "".join(f"{one} = acme_{one}\n" for one in self._ids)
        (metadata / "entry_points.txt").write_text(f"[reconciler.integrations]\n{lines}")


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Site(folder)
