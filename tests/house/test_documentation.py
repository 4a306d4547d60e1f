"""The documentation is true: links lead somewhere, examples validate, rules and commands are those of the code."""

import re

import pytest
from house import ROOT, fences, pages

from reconciler.cli import options
from reconciler.cli.tree import VERBS, build
from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.config.schemas.schema import check_schema
from reconciler.config.tree.settings import parse_settings, settings_schema
from reconciler.model import rules
from reconciler.report.rules.pages import rule_ids, rule_page

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
RULE_ROW = re.compile(r"^\| `([a-z][a-z-]*)` \|", re.MULTILINE)
RULE_TEXT = re.compile(r"^\| `([a-z][a-z-]*)` \| (.+) \|$", re.MULTILINE)
FIX_ROW = re.compile(r"^\| (.+) \| `([a-z-]+)` \|$", re.MULTILINE)
COMMAND = re.compile(r"(?:^\$ |`)(reconcile(?: [^`\n]*)?)", re.MULTILINE)
PLANNED = {"deliveries", "replay"}


def findings(folder):
    return [
        f"{d.span.file}:{d.span.line}: {d.rule}: {d.message}"
        for d in validate_paths([folder], RunOptions()).diagnostics
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = [target.partition("#")[0] for target in LINK.findall(page.read_text(encoding="utf-8"))]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(("place", "text"), fences("yaml"), ids=[place for place, _ in fences("yaml")])
def test_yaml_in_the_documentation_is_valid(place, text, tmp_path):
    (tmp_path / "example.yaml").write_text(text, encoding="utf-8")
    assert findings(tmp_path) == []


@pytest.mark.parametrize(("place", "text"), fences("python"), ids=[place for place, _ in fences("python")])
def test_python_in_the_documentation_compiles(place, text):
    compile(text, place, "exec")


@pytest.mark.parametrize(("place", "text"), [fence for fence in fences("toml") if "[[folder]]" in fence[1]])
def test_settings_in_the_documentation_are_sound(place, text):
    found = parse_settings(text.encode(), lambda name: b"{}")
    assert (found.diagnostics, found.is_sound) == ((), True)


def test_schema_of_settings_is_one():
    check_schema(settings_schema())


def test_examples_are_valid():
    assert findings(ROOT / "examples" / "configs") == []


def test_documented_rules_are_those_of_the_code():
    documented = RULE_ROW.findall((ROOT / "docs" / "validation.md").read_text(encoding="utf-8"))
    known = {value for name, value in vars(rules).items() if name.isupper() and isinstance(value, str)}
    assert sorted(documented) == sorted(known)


def test_documented_rules_say_what_their_pages_say():
    rows = RULE_TEXT.findall((ROOT / "docs" / "validation.md").read_text(encoding="utf-8"))
    pages = {rule: rule_page(rule) for rule in rule_ids()}
    marks = {"error": "", "warning": "(warning) "}
    assert dict(rows) == {rule: f"{marks[page.severity]}{page.summary}" for rule, page in pages.items()}


def test_documented_warnings_are_those_that_may_be_ignored():
    rows = RULE_TEXT.findall((ROOT / "docs" / "validation.md").read_text(encoding="utf-8"))
    assert {rule for rule, text in rows if text.startswith("(warning)")} == rules.ADVICE


def test_documented_fixes_are_those_of_the_pages():
    rows = FIX_ROW.findall((ROOT / "docs" / "validation.md").read_text(encoding="utf-8"))
    pages = {rule: rule_page(rule) for rule in rule_ids()}
    assert {rule: text for text, rule in rows} == {rule: page.fix for rule, page in pages.items() if page.fix}


def documented_commands():
    found = {}
    for page in pages():
        for command in COMMAND.findall(page.read_text(encoding="utf-8")):
            found.setdefault(command.strip(), str(page.relative_to(ROOT)))
    return [pytest.param(command, id=f"{page}: {command}") for command, page in sorted(found.items())]


@pytest.mark.parametrize("command", documented_commands())
def test_documented_command_exists(command):
    words = re.sub(r"'[^']*'|\"[^\"]*\"", "X", command).split()[1:]
    verb = words[0] if words and words[0].isalpha() else None
    if verb in PLANNED:
        pytest.skip("documented as planned")
    assert verb is None or verb in VERBS
    tree = build()
    flags = set(flags_of(tree))
    if verb is not None:
        flags |= set(flags_of(tree.get_command(None, verb)))
    used = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert used - flags == set()


def flags_of(command):
    yield from ("--help", "-h")
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for child in getattr(command, "commands", {}).values():
        yield from flags_of(child)


def test_every_option_of_the_daemon_is_documented():
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    known = [value for value in vars(options).values() if isinstance(value, options.Opt)]
    of_the_daemon = {"dir", "state_dir", "standby", "listen", "allowed_host", "grace", "prune_limit", "integrations", "secrets_dir",
                     "allow_network", "deny_network", "token_file", "log_format", "log_level"}  # fmt: skip
    missing = [o.name for o in known if o.name in of_the_daemon and o.flags[0] not in text]
    assert missing == []
