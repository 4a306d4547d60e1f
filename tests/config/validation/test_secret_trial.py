"""`--resolve-secrets`: what is tried, how often, what is said of it, and that no value is."""

import json
import threading

import pytest

from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.config.secret_trial import SecretTrial, use_of
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator
from reconciler.config.yaml.reader import RawDocument, read_documents

VALUE = "tok-hunter2"


class Vault:
    """Answers from a dict; what is asked for is written down."""

    def __init__(self, **values):
        self.values, self.asked, self.released = values, [], threading.Event()

    def check(self, path):
        return "no" if path == "never" else None

    def resolve(self, path):
        self.asked.append(path)
        found = self.values[path]
        if isinstance(found, Exception):
            raise found
        if found is None:
            self.released.wait(20)
        return found


@pytest.fixture
def check(judge, tmp_path):
    """Validate documents of the integration `chat`, one file for each, their secrets in `vault`."""
    root = tmp_path / "root"
    root.mkdir()

    def check(vault, *settings, jobs=1):
        for index, one in enumerate(settings):
            document = {"integration": "chat", "name": f"a{index}", "settings": one}
            (root / f"{index}.yaml").write_text(json.dumps(document))
        resolver = SecretResolver(judge.secrets, {"T": VALUE}, {"vault": vault})
        validator = Validator(judge.catalogue, secrets=resolver, keep_uses=True)
        return validate_paths([root], RunOptions(jobs, resolve_secrets=True), validator=validator)

    return check


def chat(uri, **more):
    return {"token": {"secret": uri, **more}, "channel": "#a"}


def test_each_reference_is_tried_once(check):
    vault = Vault(t=VALUE)
    result = check(vault, *[chat("vault:t")] * 5, chat("env:T"), {"hook": {"secret": "vault:t"}})
    assert (result.diagnostics, result.secrets, vault.asked) == ((), 2, ["t"])


def test_workers_send_references_back(check, alone):
    vault = Vault(t=VALUE)
    result = check(vault, *[chat("vault:t")] * 50, chat("env:NOT_SET"), jobs=2)
    assert (result.secrets, vault.asked, [d.rule for d in result.diagnostics]) == (2, ["t"], ["unresolved-secret"])


def test_without_being_asked_nothing_is_tried(judge, tmp_path):
    (tmp_path / "a.yaml").write_text(json.dumps({"integration": "chat", "name": "a", "settings": chat("env:NOT_SET")}))
    result = validate_paths([tmp_path / "a.yaml"], RunOptions(1), validator=judge.validator)
    assert (result.diagnostics, result.secrets) == ((), None)


def test_missing_variable_and_file_are_told_at_each_place(check):
    result = check(Vault(), chat("env:NOT_SET"), chat("env:NOT_SET"), chat("file:a/b"))
    assert [(d.rule, d.message) for d in result.diagnostics] == [
        ("unresolved-secret", "the environment variable NOT_SET is not set"),
        ("unresolved-secret", "the environment variable NOT_SET is not set"),
        ("unresolved-secret", "file:a/b cannot be read: No such file or directory"),
    ]
    assert {(d.span.line, d.span.column) for d in result.diagnostics} == {(1, 72)}
    assert result.diagnostics[0].path == ("settings", "token", "secret")


def test_file_that_leads_out_is_told(check, judge, tmp_path):
    judge.secrets.mkdir()
    (tmp_path / "outside").write_text(VALUE)
    (judge.secrets / "out").symlink_to("../outside")
    (found,) = check(Vault(), chat("file:out")).diagnostics
    assert (found.rule, found.message) == ("unresolved-secret", "file:out leads out of the secrets directory")


@pytest.mark.parametrize(("settings", "keyword"), [
    (chat("vault:wrong"), "pattern"),
    (chat("vault:short"), "minLength"),
    (chat("vault:both"), "minLength` and `pattern"),
    ({"hook": {"secret": "vault:short"}}, "anyOf"),
    (chat("env:T", format="no {}"), "pattern"),
])  # fmt: skip
def test_value_that_does_not_fit_is_told_and_not_shown(check, settings, keyword):
    (found,) = check(Vault(wrong="hunter2 hunter2", short="tok-2", both="tok2"), settings).diagnostics
    assert found.rule == "secret-misfit" and f"it breaks `{keyword}` of the schema" in found.message
    assert "hunter2" not in f"{found}" and "tok-2" not in f"{found}"


def test_value_in_its_format_is_judged(check):
    assert check(Vault(t="123456"), chat("vault:t", format="tok-{}")).diagnostics == ()


def test_error_of_a_provider_is_told_by_its_kind_alone(check):
    (found,) = check(Vault(t=ValueError("hunter2")), chat("vault:t")).diagnostics
    assert "its provider failed with ValueError" in found.message and "hunter2" not in f"{found}"


def test_provider_that_hangs_is_given_up_and_its_others_not_tried():
    vault = Vault(**dict.fromkeys("abcdefghijklmnop"))
    uses = [use(chat(f"vault:{path}")) for path in vault.values] + [use(chat("env:T"))]
    trial = SecretTrial(SecretResolver("/nowhere", {"T": VALUE}, {"vault": vault}), deadline=0.05)
    trial.run(uses)
    vault.released.set()
    assert trial.tried == 17 and 8 <= len(vault.asked) <= 10
    problems = sorted(trial.problem(f"vault:{path}") for path in vault.values)
    assert "vault:a was not resolved within 0.05 s" in problems
    assert sum("was not tried" in problem for problem in problems) == 16 - len(vault.asked)


def use(settings):
    (document,) = read_documents(json.dumps({"integration": "chat", "settings": settings}).encode(), "f").documents
    return use_of(document, "f")


@pytest.mark.parametrize("value", [[], {"settings": 1}, {"settings": {"secret": {"secret": 1}}}, {}])
def test_document_without_references_has_no_use(value):
    assert use_of(RawDocument(value, 1), "f") is None
