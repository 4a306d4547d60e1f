"""The patterns that editors get refuse nothing that validation takes: as laws, and in the cases that matter."""

import json
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.config.schemas.envelope import envelope_schema
from reconciler.config.schemas.patterns import ENVELOPE, REFERENCE, with_patterns
from reconciler.config.secret_sources import EnvProvider, FileProvider

CHECKS = {"env": EnvProvider({}).check, "file": FileProvider(None).check}
NAMES = st.lists(st.sampled_from(["RECONCILE_", "A", "..", "/", ".", "1", "b c", "_", "é"]), max_size=4).map("".join)
WORDS = st.lists(st.sampled_from(["*", "**", "a", ".", "a*", " "]), min_size=1, max_size=5).map("".join)
SEVERITIES = st.sampled_from(["info", "fatal", "{{ x }}", "{% if x %}error{% endif %}", "", "Error", "info "])
FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@given(st.sampled_from(["env", "file"]), NAMES)
@example("file", "a/../b")
@example("file", "a/..")
@example("env", "RECONCILE_TOKEN")
def test_reference_is_refused_only_where_it_can_never_resolve(scheme, name):
    if not re.search(REFERENCE, f"{scheme}:{name}"):
        assert not name or CHECKS[scheme](name) is not None


@pytest.mark.parametrize("name", ["env:RECONCILE_X", "env:1", "file:/etc/x", "file:../x", "file:a/../x", "x"])
def test_reference_that_can_never_resolve_is_refused(name):
    assert not re.search(REFERENCE, name)


def test_scheme_of_a_hosts_own_is_taken():
    assert re.search(REFERENCE, "vault:secret/data/x#y")


@given(WORDS)
@FEW
def test_event_type_is_refused_only_where_validation_refuses_it(judge, kind):
    if not re.search(ENVELOPE["events", "items", "properties", "type"], kind):
        assert judge.rules(json.dumps({"integration": "shapes", "name": "a", "events": [{"type": kind}]}))


@given(SEVERITIES)
@FEW
def test_severity_is_refused_only_where_validation_refuses_it(judge, text):
    if not re.search(ENVELOPE["message", "properties", "severity"], text):
        assert judge.rules(json.dumps({"integration": "shapes", "name": "a", "message": {"severity": text}}))


def test_schema_that_is_given_stays_as_it_is():
    given_schema = envelope_schema()
    assert with_patterns(given_schema) != envelope_schema()
    assert given_schema == envelope_schema()
