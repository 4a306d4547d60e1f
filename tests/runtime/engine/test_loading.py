"""What an installed package turns out to be when its code is imported."""

import json
import sys

import pytest


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package whose integration module is `code`."""

    def install(code):
        package = tmp_path / "lib" / "loading_pager"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "integration.py").write_text(code)
        (package / "manifest.json").write_text(json.dumps({"id": "pager", "name": "Pager"}))
        (package / "schema.json").write_text(json.dumps({"type": "object"}))
        about = tmp_path / "lib" / "loading_pager-1.0.dist-info"
        about.mkdir()
        (about / "entry_points.txt").write_text("[reconciler.integrations]\npager = loading_pager\n")
        monkeypatch.syspath_prepend(str(tmp_path / "lib"))

    yield install
    for name in ("loading_pager", "loading_pager.integration"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "class Foo:\n    integration_id = 'pager'\n",
            "loading_pager.integration.Foo is not a subclass of Integration",
        ),
        ("import nothing_like_it\n", "No module named 'nothing_like_it'"),
        ("", "loading_pager.integration has no class whose integration_id is 'pager'"),
    ],
    ids=["no-subclass", "import-fails", "no-class"],
)
def test_code_that_is_no_integration_is_named(installed, harness, doc, code, told):
    installed(code)
    h = harness()
    h.write("a.yaml", doc("a", "pager"), settle=False)
    h.start()
    assert told in h.trouble("pager/a")
