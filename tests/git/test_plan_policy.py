"""The plan between two commits by the policy of each: what the daemon would stop, it says beforehand."""

NAMES = '[[folder]]\npath = "**"\nname_prefix = "{}"\n'


def actions(report):
    return [(a.kind.value, a.key, a.reason.value) for a in report.comparison.plan.actions]


def test_tightened_policy_stops_what_it_does_not_allow(repo):
    repo.write("configs/reconcile.toml", '[[folder]]\npath = ["**", "!b.yaml", "!c.yaml"]\nname_prefix = "z"\n')
    repo.commit("new")
    report = repo.plan()
    assert actions(report) == [("stop", "console/a", "NotAllowed")]
    assert [(d.rule, d.span.file) for d in report.diagnostics] == [("policy", "a.yaml")]


def test_policy_with_an_error_leaves_the_one_before(repo):
    repo.write("configs/reconcile.toml", NAMES.format("a"))
    repo.commit("policy")
    repo.write("configs/reconcile.toml", NAMES.format("a") + "[")
    repo.config("configs/d.yaml")
    repo.commit("new")
    assert {(d.rule, d.span.file) for d in repo.plan("policy").diagnostics} == {
        ("toml-syntax", "reconcile.toml"),
        ("policy", "d.yaml"),
    }


def test_schema_that_a_policy_names_is_read_from_the_commit(repo):
    repo.write("configs/_policy/console.json", '{"required": ["stream"]}')
    repo.write("configs/reconcile.toml", '[[folder]]\npath = "a.yaml"\nsettings.console = "_policy/console.json"\n')
    repo.commit("new")
    assert actions(repo.plan()) == [("stop", "console/a", "NotAllowed")]


def test_link_is_judged_by_where_it_leads_too(repo):
    repo.config("configs/team-b/d.yaml")
    (repo.top / "configs/link.yaml").symlink_to("team-b/d.yaml")
    repo.remove("configs/a.yaml")
    repo.write("configs/reconcile.toml", '[[folder]]\npath = "team-b"\nname_prefix = "b-"\n')
    repo.commit("new")
    assert {d.span.file for d in repo.plan().diagnostics} == {"team-b/d.yaml", "link.yaml"}
