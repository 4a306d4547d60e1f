"""What is masked in the fields of a plan."""

import pytest

from reconciler.core.plan.hiding import hide
from reconciler.model.plan import FieldChange
from reconciler.model.secret import MASK

TOKEN = ("settings", "auth", 0, "token")
REF = {"secret": "env:X"}


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        (TOKEN, "sesame", MASK),
        (TOKEN, REF, REF),
        (TOKEN, None, None),
        ((*TOKEN, "inner"), "sesame", MASK),
        (("settings", "auth"), [{"token": "sesame", "user": "u"}, "x"], [{"token": MASK, "user": "u"}, "x"]),
        (("settings",), {"auth": [{"token": REF}]}, {"auth": [{"token": REF}]}),
        (("settings", "auth"), {"token": "other shape"}, {"token": "other shape"}),
        (("settings", "author"), "kept", "kept"),
    ],
)
def test_what_stands_at_a_place_of_a_secret_is_masked(path, value, shown):
    (found,) = hide([FieldChange(path, value, value)], [TOKEN])
    assert (found.old, found.new) == (shown, shown)


def test_nothing_is_masked_where_no_literal_stands():
    assert hide([FieldChange(TOKEN, "a", "b")], [])[0].old == "a"
