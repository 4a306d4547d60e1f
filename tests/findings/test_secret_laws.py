"""Whatever is wrong with a file, no report of it and no diff shows a literal at the place of a secret: by Hypothesis."""

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.cli.showing.sources import LazySecretKeys
from reconciler.config.catalogue import Catalogue
from reconciler.config.fix.apply import fix_bytes
from reconciler.config.run.check_files import check_bytes
from reconciler.config.run.part import Part
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic
from reconciler.report.ansi import PLAIN
from reconciler.report.findings.diff_text import diff_text
from reconciler.report.findings.run import Run
from reconciler.report.findings.summary import summarize
from reconciler.report.findings.text import SECRET_RULES, unknown_keys
from reconciler.report.formats import FORMATS, render

VALIDATOR = Validator(Catalogue(), secrets=SecretResolver("/nowhere", {}))
KEYS = LazySecretKeys()
NAMES = st.sampled_from(
    ["signing_secret", "bot_token", "webhook_url", "password", "sining_secret", "my_token", "'api-key'"]
)
VALUES = st.sampled_from([
    "hunter2", '"hunter2"', "'hunter2", '"hunter2', "hunter2: x", "!hunter2", "&hunter2 x", "*hunter2", "@hunter2", "%hunter2",
    "{hunter2}", "{a: hunter2}", "[hunter2]", "{secret: hunter2}", "{secret: 'x:hunter2', format: 'hunter2'}", "\n    hunter2", "\n    a: hunter2",
    "\n    - hunter2", "|\n    hunter2", ">-\n    a\n    hunter2", "{secret: {b: hunter2}}", "12hunter2", "#hunter2", '"a\n    hunter2"', "{{ hunter2 }}",
    "\n    secret: hunter2\n    extra: hunter2", "hunter2 # hunter2", "`hunter2`", "? hunter2", "- hunter2",
])  # fmt: skip
SIGNS = st.sampled_from([": ", ":", " : ", " ", "="])
NOISE = st.sampled_from([
    "url: https://example.com/", "url: [", "method: get", "\tbody: x", 'body: "a', "- a", "}", "body: a: b", "verify: yes", "<<: *x",
    "tls: {ca_fil: x}", "headers: {", "body: {{ a }}", "timeout: 1e999", "verify yes", "...", "---", "verify: &x yes", "proxy: *x",
])  # fmt: skip
LINES = st.lists(st.one_of(NOISE, st.builds("{}{}{}".format, NAMES, SIGNS, VALUES)), min_size=1, max_size=5)
HEADS = st.sampled_from([
    "integration: webhook\nname: a\nsettings:\n", "name: a\nsettings:\n", "integration: webhok\nname: a\nsettings:\n",
    "integration: slack\nname: [a\nsettings:\n",
])  # fmt: skip


def judge(data):
    part = Part()
    check_bytes(part, data, "a.yaml", VALIDATOR, None)
    return sorted(part.diagnostics, key=Diagnostic.sort_key)


@given(HEADS, LINES)
@example("integration: webhook\nname: a\nsettings:\n", ["webhook_url:hunter2: x"])
@example("integration: webhook\nname: a\nsettings:\n", ["url: https://example.com/", "webhook_url hunter2: x"])
def test_no_report_shows_a_secret(head, lines):
    data = (head + "".join(f"  {line}\n" for line in lines)).encode()
    found = judge(data)
    run = Run(found, summarize(found, 1, 1), {"a.yaml": data}.get, KEYS)
    for name in FORMATS:
        assert "hunter2" not in "".join(render(name, run, PLAIN)), name


@given(HEADS, LINES)
def test_no_diff_shows_a_secret(head, lines):
    data = (head + "".join(f"  {line}\n" for line in lines)).encode()
    found = judge(data)
    hidden = [one.span for one in found if one.rule in SECRET_RULES]
    names = {*KEYS(data, judged=False), *unknown_keys(found).get("a.yaml", ())}
    assert "hunter2" not in "".join(diff_text("a.yaml", data, fix_bytes(data, judge).data, hidden, names))
