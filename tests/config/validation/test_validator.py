"""What a verdict carries besides findings, and what becomes of a validator that travels or learns anew."""

import json
import pickle

import pytest

from reconciler.model import rules
from reconciler.model.descriptor import Descriptor
from reconciler.model.diagnostic import Severity
from reconciler.model.json import digest
from reconciler.model.secret import MASK

FINE = {"integration": "chat", "name": "a", "settings": {"token": {"secret": "env:T"}, "channel": "#a"}}
LITERAL = {**FINE, "settings": {"token": "tok-hunter2", "channel": "#a"}}


def test_valid_document_has_the_digest_of_its_value(judge):
    checked = judge.check(json.dumps(FINE))
    assert checked.document.digest == digest(FINE) and checked.id == "chat/a" and checked.diagnostics == ()


@pytest.mark.parametrize(
    ("text", "config_id"),
    [
        ("{integration: chat, name: Not Valid}", "chat/Not Valid"),
        ("{integration: nothing, name: a, bad: 1}", "nothing/a"),
        ("{integration: chat, name: 5}", None),
        ("{integration: chat}", None),
        ("{integration: chat, name: a/b}", None),
        ("[]", None),
        ("text", None),
    ],
)
def test_invalid_document_has_an_id_where_it_can_be_read(judge, text, config_id):
    checked = judge.check(text)
    assert checked.document is None and checked.id == config_id
    assert all(d.severity is Severity.ERROR for d in checked.diagnostics)


def test_warning_keeps_the_document(judge):
    checked = judge.check(json.dumps({**FINE, "delivery": {"rate": "1/s"}}))
    assert [d.rule for d in checked.diagnostics] == [rules.IGNORED_SETTING]
    assert checked.document is not None


def test_literal_secret_is_refused(judge):
    (found,) = judge.check(json.dumps(LITERAL)).diagnostics
    assert found.rule == rules.PLAINTEXT_SECRET and "hunter2" not in found.message


def test_allowed_literal_secret_is_not_persistable(lenient):
    checked = lenient.check(json.dumps(LITERAL))
    assert checked.document is not None and not checked.persistable
    assert lenient.check(json.dumps(FINE)).persistable


def test_allowed_literal_that_does_not_fit_is_not_shown(lenient):
    (found,) = lenient.settings({"token": "hunter2 is wrong", "channel": "#a"}).diagnostics
    assert found.rule == rules.INVALID_VALUE and "hunter2" not in found.message + found.help


def test_document_out_of_the_state_directory_stands_at_its_beginning(judge):
    assert judge.validator.check_value(FINE).document.id == "chat/a"
    (found,) = judge.validator.check_value({**FINE, "name": "NO"}).diagnostics
    assert (found.span.file, found.span.line, found.span.column) == ("", 1, 1)


def test_half_of_a_surrogate_pair_raises_nothing(judge):
    text = "\ud800"
    judge.validator.check_value({**FINE, "name": text})
    judge.validator.check_value({**FINE, "settings": {**FINE["settings"], "channel": text}})


def test_one_broken_integration_leaves_others_alone(judge):
    assert judge.rules("{integration: broken, name: a}") == [rules.INTEGRATION_FAILED]
    assert judge.rules(json.dumps(FINE)) == []


def test_validator_travels(judge):
    judge.check(json.dumps(FINE))
    arrived = pickle.loads(pickle.dumps(judge.validator))
    assert arrived.check_value(FINE).document == judge.validator.check_value(FINE).document


def test_registered_class_is_known_until_it_is_taken_back(judge):
    text = "{integration: own, name: a, settings: {x: 1}}"
    assert judge.rules(text) == [rules.UNKNOWN_INTEGRATION]
    judge.catalogue.register(Descriptor("own", "Own", schema={"properties": {"x": {"type": "integer"}}}), object)
    judge.validator.forget("own")
    assert judge.rules(text) == []
    judge.catalogue.unregister("own")
    judge.validator.forget("own")
    assert judge.rules(text) == [rules.UNKNOWN_INTEGRATION]


def test_all_mistakes_of_a_document_are_found_at_once(judge):
    text = """\
integration: chat
name: NO
settings: {token: {secret: "env:RECONCILE_X"}, channel: 5}
events: [{type: a, when: "("}, {typ: b}]
message: {title: "{{", nope: x}
"""
    assert sorted(judge.rules(text)) == sorted(
        [
            "invalid-name",
            "secret-reference",
            "wrong-type",
            "filter-syntax",
            "unknown-key",
            "template-syntax",
            "unknown-key",
        ]
    )


def test_filter_is_compiled_once_for_many_documents(judge, monkeypatch):
    from reconciler.core.filter import filter as filters

    compiled = []
    original = filters.Filters.look
    monkeypatch.setattr(filters.Filters, "look", lambda self, text: compiled.append(text) or original(self, text))
    for name in ("a", "b", "c"):
        judge.check(json.dumps({**FINE, "name": name, "events": [{"type": name, "when": "data.x == 1"}]}))
    assert compiled == ["data.x == 1"]


def test_reference_shows_no_value_in_the_document(judge):
    judge.environ["T"] = "tok-hunter2"
    document = judge.check(json.dumps(FINE)).document
    assert MASK not in repr(document.raw) and "hunter2" not in repr(document.raw)


@pytest.mark.parametrize("odd", [{}, [], 1, None, {"secret": "env:A"}])
def test_anything_beneath_a_key_secret_gets_a_verdict(judge, odd):
    judge.settings({"channel": {"secret": "env:TOKEN"}})
    assert judge.settings({"channel": {"secret": odd}}).diagnostics


@pytest.mark.parametrize(("key", "edit"), [
    ('events: [{type: a, when: "dta.x == 1"}]', (4, 27, "data")),
    ("message: {title: '{{ event.dat }}'}", (4, 28, "data")),
])  # fmt: skip
def test_name_inside_of_a_text_has_a_suggestion(judge, key, edit):
    text = f"integration: chat\nname: a\nsettings: {{hook: {{secret: 'env:H'}}}}\n{key}\n"
    (found,) = judge.check(text).diagnostics
    (only,) = found.fix.edits
    assert (only.line, only.column, only.text) == edit
    assert found.fix.applicability == "unsure" and not found.is_fixable


def test_name_that_is_escaped_has_no_suggestion(judge):
    (found,) = judge.check(
        json.dumps({**FINE, "message": {"title": "{{ event.dat }}"}}).replace("dat", "d\\u0061t")
    ).diagnostics
    assert found.rule == rules.UNKNOWN_FIELD and found.fix is None
