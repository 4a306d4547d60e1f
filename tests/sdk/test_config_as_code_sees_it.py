"""What an integration gets of a configuration is its own: documents share their parts with others."""

from reconciler.config.tree.kept_form import pack, unpack
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import HookSet


def test_code_that_changes_labels_or_scope_changes_no_other_configuration():
    claims = [
        (1, 1, 1, 1, 2, name, {"integration": "x", "name": name, "labels": {"tier": "1"}, "scope": {"team": ["a"]}})
        for name in ("one", "two")
    ]
    kept = unpack(pack([("a.yaml", b"", b"", True, claims)]), {"x"})["a.yaml"]
    one, two = (ConfigDocument(claim[-1], claim[-2]) for claim in kept[4])
    assert one.labels is two.labels
    config = IntegrationConfig(one, {}, {}, {}, HookSet("x/one", Descriptor("x", "X")))
    config.labels["tier"] = "9"
    config.scope["team"] = ("b",)
    assert (two.labels, two.scope) == ({"tier": "1"}, {"team": ("a",)})
    assert (one.labels, one.scope) == ({"tier": "1"}, {"team": ("a",)})
