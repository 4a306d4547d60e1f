"""A schema that the policy names is followed wherever in the root it stands."""

import time

import pytest

from reconciler import IntegrationManager

CONFIG = "integration: console\nname: a\nsettings: {prefix: '%s'}\n"


@pytest.mark.parametrize("folder", [".policy", "_policy"])
def test_schema_in_a_folder_that_is_skipped_is_followed_without_a_sweep(tmp_path, folder):
    root, schema = tmp_path / "configs", tmp_path / "configs" / folder / "console.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    (root / "reconcile.toml").write_text(f'[[folder]]\npath = "**"\nsettings.console = "{folder}/console.json"\n')
    (root / "a.yaml").write_text(CONFIG % "x")
    with IntegrationManager(root, state_dir=tmp_path / "state") as manager:
        assert manager.status("console/a").state == "active"
        schema.write_text('{"properties": {"prefix": {"const": "y"}}}')
        deadline = time.monotonic() + 20
        while manager.status("console/a").state == "active":
            assert time.monotonic() < deadline, "the change of the schema was not noticed"
            time.sleep(0.01)
