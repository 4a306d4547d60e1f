"""The verbs that ask a daemon, in process, against an HTTP server on a Unix socket."""

import io
import json
import shlex

import pytest

from reconciler.cli.app import run


@pytest.fixture
def ask(fake, capsys):
    """Run a verb against the fake daemon: exit code, stdout, stderr."""

    def call(*arguments):
        code = run([*arguments, "--state-dir", str(fake.state_dir)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_status_shows_counts(ask):
    code, out, _ = ask("status")
    assert code == 0
    assert "3 active" in out
    assert "2 pending" in out


@pytest.mark.parametrize(
    ("runner", "shown"), [(4711, "worker (process 4711 is the runner)"), (None, "worker (no runner lives now)")]
)
def test_status_of_a_worker_names_the_runner(ask, fake, runner, shown):
    fake.answers["GET /api/v1/status"][1].update(role="worker", runner=runner)
    code, out, _ = ask("status")
    assert (code, shown in out) == (0, True)


def test_status_with_alarm_exits_1(ask, fake):
    fake.answers["GET /api/v1/status"][1]["alarms"].append("the disk is \x1b[2J full")
    code, out, _ = ask("status")
    assert code == 1
    assert r"the disk is \x1b[2J full" in out


def test_status_with_a_stale_configuration_exits_1(ask, fake):
    fake.answers["GET /api/v1/status"][1]["stale"] = 1
    assert ask("status")[0] == 1


def test_status_names_the_first_stale_configurations_with_the_reason(ask, fake):
    named = [{"id": f"slack/n{n}", "reason": "Invalid", "message": f"n{n}.yaml:3: no \x1b[2J such"} for n in range(7)]
    fake.answers["GET /api/v1/status"][1].update(stale=1200, stale_configs=named)
    lines = [line.split(maxsplit=1)[1] for line in ask("status")[1].splitlines() if line.startswith("stale")]
    assert lines[0] == r"slack/n0: Invalid: n0.yaml:3: no \x1b[2J such"
    assert (len(lines), lines[-1]) == (6, "and 1,195 more: `reconcile get` lists them")


def test_status_names_the_first_that_are_invalid_or_failed_with_the_reason(ask, fake):
    answer = fake.answers["GET /api/v1/status"][1]
    answer["configs"] = {**answer["configs"], "failed": 1200}
    found = fake.answers["GET /api/v1/configs"][1]["items"][0]
    lines = [line.split(maxsplit=1) for line in ask("status")[1].splitlines()]
    told = [rest[0] for name, *rest in lines if name == "failed"]
    assert told[0].startswith(f"{found['id']}:")
    assert told[-1].startswith("and 1,198 more: `reconcile get --state failed`")
    assert ("failed", "5") in [(query.get("state"), query.get("limit")) for *_, query, _, _ in fake.asked]


def test_status_names_files_from_where_the_user_stands(ask, fake, tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)
    stale = {"id": "slack/a", "reason": "Invalid", "message": "team/a.yaml:3: no such key", "file": "team/a.yaml"}
    fake.answers["GET /api/v1/status"][1].update(root=str(tmp_path / "configs"), stale=1, stale_configs=[stale])
    assert "slack/a: Invalid: configs/team/a.yaml:3: no such key" in ask("status")[1]
    assert json.loads(ask("status", "-o", "json")[1])["stale_configs"] == [stale]


def test_status_counts_events_and_deliveries_apart(ask):
    lines = [line.split(maxsplit=1) for line in ask("status")[1].splitlines()]
    assert ["events", "0 matched nothing"] in lines
    assert ["deliveries", "2 pending, 0 dead letters"] in lines


def test_status_writes_large_amounts_out(ask, fake):
    queue = {"waiting": 1_000_000.0, "unrouted": 12_345_678.0, "pending": 1234.0, "dead": 1.0}
    fake.answers["GET /api/v1/status"][1].update(queue=queue, configs={"active": 10_000}, stale=1200)
    lines = [line.split(maxsplit=1) for line in ask("status")[1].splitlines()]
    assert ["events", "1,000,000 waiting to be routed, 12,345,678 matched nothing"] in lines
    assert ["deliveries", "1,234 pending, 1 dead letter"] in lines
    assert ["configurations", "10,000 active (1,200 stale)"] in lines


@pytest.mark.parametrize("verb", ["status", "get", "get slack/a", "history", "integrations", "plan"])
def test_json_has_a_format_version(ask, verb):
    _, out, _ = ask(*verb.split(), "-o", "json")
    assert json.loads(out)["format_version"] == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("get slack/a -l tier=1", "an ID names one configuration: leave out --label, --integration and --state"),
        ("get slack", "found 'slack'; `reconcile get -i slack` lists an integration's"),
        ("get -l =1", "--label: expected KEY=VALUE, found '=1'"),
        ("get -l a=1 -l a=2", "--label: one key is given twice"),
        ("approve ''", "expected a digest, such as 53878a0ec400"),
    ],
)
def test_what_makes_no_sense_is_not_asked(ask, fake, line, told):
    code, out, err = ask(*shlex.split(line))
    assert (code, out, told in err, fake.asked) == (2, "", True, [])


def test_plan_of_a_daemon_says_that_another_directory_is_not_asked_for(ask):
    _, _, err = ask("plan", "--dir", "elsewhere")
    assert err == "a daemon answers: this is its own plan, of /configs, whatever --dir says\n"
    assert ask("plan", "--dir", "/configs")[2] == ""


def test_filter_that_nothing_meets_is_told_from_an_empty_directory(ask):
    assert ask("get", "-l", "tier=9")[1] == "no configuration is such\n"


def test_get_lists_every_page(ask):
    code, out, _ = ask("get")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["slack/a", "slack/b", "slack/c"]
    assert "active (stale)" in out


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"type": "Delivering", "status": "False", "reason": "Retry", "message": "connection refused"},
         "Delivering: connection refused"),
        ({"type": "Delivering", "status": "False", "reason": "Expired", "message": ""}, "Delivering: Expired"),
        ({"type": "FilterError", "status": "True", "reason": "EvaluationFailed", "message": "no key x"},
         "FilterError: no key x"),
    ],
    ids=["retry", "expired", "filter"],
)  # fmt: skip
def test_get_lists_what_is_amiss_with_what_runs(ask, fake, condition, told):
    fake.answers["GET /api/v1/configs"][1]["items"][0]["conditions"] = [condition]
    row = next(line for line in ask("get")[1].splitlines() if line.startswith("slack/a"))
    assert told in row


def test_get_filters_by_label(ask, fake):
    _, out, _ = ask("get", "-l", "tier=1", "-o", "json")
    assert [item["id"] for item in json.loads(out)["items"]] == ["slack/a"]
    assert fake.asked[0][2] == {"label": "tier=1"}


def test_get_filters_by_state(ask):
    _, out, _ = ask("get", "--state", "failed", "-o", "json")
    assert [item["id"] for item in json.loads(out)["items"]] == ["slack/b"]


def test_get_one_shows_conditions_and_findings(ask):
    code, out, _ = ask("get", "slack/b")
    assert code == 1
    assert "EventHook build.*" in out
    assert "team=web,ops" in out
    assert "error[unknown-key] unknown key `x`" in out
    assert "\x1b" not in out


def test_get_one_tells_the_place_of_the_finding_from_where_the_user_stands(ask, fake, tmp_path, monkeypatch):
    (tmp_path / "here" / "configs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    fake.answers["GET /api/v1/status"][1]["root"] = "configs"
    fake.answers["GET /api/v1/configs/slack/b"][1]["message"] = "slack/b.yaml:1: unknown key `x`"
    assert "configs/slack/b.yaml:1: unknown key" in ask("get", "slack/b")[1]


def test_get_one_that_runs_beside_a_bad_file_exits_1(ask, fake):
    found = fake.answers["GET /api/v1/configs/slack/b"][1]["diagnostics"]
    fake.answers["GET /api/v1/configs/slack/c"][1]["diagnostics"] = found
    assert ask("get", "slack/c")[0] == 1


def test_get_unknown_id_exits_1(ask):
    code, out, err = ask("get", "slack/none")
    assert (code, out) == (1, "")
    assert err.startswith("error: ")


def test_report_that_is_asked_for_as_a_shape_is_led_to_its_flag(ask):
    code, _, err = ask("plan", "-o", "markdown")
    assert (code, "found 'markdown'; did you mean --format markdown?" in err) == (2, True)
    assert "did you mean" not in ask("plan", "-o", "xml")[2]


def test_history_tells_what_waits_and_what_failed_from_what_was_done(ask, fake):
    actions = [("start", "applied"), ("start", "waiting"), ("start", "applied"), ("update", "failed")]
    entry = next(item for item in fake.answers["GET /api/v1/history"][1]["items"] if item["kind"] == "pass")
    entry["actions"] = [{"kind": kind, "key": "slack/a", "status": status} for kind, status in actions]
    told = " ".join(ask("history")[1].split())
    for part in ("2 start,", "1 start waiting,", "1 update failed"):
        assert part in told


def test_history_counts_actions(ask):
    code, out, _ = ask("history")
    assert code == 0
    assert "1 start" in out


def test_integrations_of_a_server_show_states(remote, capsys):
    assert run(["integrations", "--server", remote.url]) == 0
    assert "active" in capsys.readouterr().out


def nothing_to_do(fake, **status):
    fake.answers["GET /api/v1/plan"] = (200, {"format_version": 1, "actions": [], "held_digest": None, "summary": {}})
    fake.answers["GET /api/v1/status"][1].update(status)


def test_empty_plan_where_all_runs_says_so(ask, fake):
    nothing_to_do(fake)
    assert ask("plan")[1] == "✓ Nothing to do: what runs is what the files ask for.\n"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"stale": 1}, "not all runs as the files ask (1 stale): `reconcile get` says why"),
        ({"configs": {"active": 3, "invalid": 2}}, "not all runs as the files ask (2 invalid)"),
        ({"alarms": ["the root configs is missing"]}, "the root configs is missing"),
    ],
    ids=["stale", "invalid", "alarm"],
)
def test_empty_plan_beside_bad_files_does_not_claim_that_all_is_well(ask, fake, status, told):
    nothing_to_do(fake, **status)
    assert ask("plan")[1].startswith(f"! Nothing to do now, but {told}")


def test_plan_of_daemon_exits_1_when_asked_to(ask):
    assert ask("plan")[0] == 0
    code, out, _ = ask("plan", "--exit-code")
    assert code == 1
    assert "1 to remove, 1 held" in out


@pytest.mark.parametrize(("server", "told"), [("127.0.0.1:1", True), ("http://127.0.0.1:1", False)])
def test_server_that_is_no_url_is_told_with_one(capsys, server, told):
    assert run(["status", "--server", server]) == 2
    err = capsys.readouterr().err
    assert f"no daemon answers at {server}: connection refused" in err
    assert ("--server takes a URL, such as http://127.0.0.1:8787" in err) is told


def test_approve_sends_the_digest(ask, fake):
    assert ask("approve", "abc123")[0] == 0
    assert fake.asked[-1][:4] == ("POST", "/api/v1/approve", {}, {"digest": "abc123"})


def test_approve_of_another_plan_exits_1(ask, fake):
    fake.answers["POST /api/v1/approve"] = (409, {"error": {"code": "not_held", "message": "another plan is held"}})
    assert ask("approve", "abc123") == (1, "", "error: another plan is held\n")


def test_retry_of_many_sends_a_selector_and_says_how_many(ask, fake):
    fake.answers["POST /api/v1/retry"] = (202, {"format_version": 1, "selected": "--integration slack", "configs": 3})
    code, out, _ = ask("retry", "-i", "slack")
    told = "✓ what failed of --integration slack (3 configurations), if anything, is tried again now\n"
    assert (code, out) == (0, told)
    ask("retry", "slack/a", "slack/b")
    ask("retry", "--all")
    sent = [body["selector"] for *_, body, _ in fake.asked]
    assert [(one["ids"], one["integration"], one["all"]) for one in sent] == [
        ([], "slack", False), (["slack/a", "slack/b"], None, False), ([], None, True),
    ]  # fmt: skip


def test_retry_that_means_nothing_exits_1_as_resume_does(ask, fake):
    fake.answers["POST /api/v1/retry"] = (202, {"format_version": 1, "selected": "-l tier=9", "configs": 0})
    told = "error: nothing is tried again: -l tier=9 means no configuration, and `reconcile get` lists them\n"
    assert ask("retry", "-l", "tier=9") == (1, "", told)


def test_retry_sends_the_key(ask, fake):
    assert ask("retry", "slack/b")[0] == 0
    assert fake.asked[-1][3] == {"key": "slack/b"}


def test_forget_sends_owner_and_key(ask, fake):
    fake.answers["POST /api/v1/forget"] = (200, {"format_version": 1, "id": "slack/b", "key": "k", "forgotten": 1})
    assert ask("forget", "slack/b", "k") == (0, "✓ forgot 1 effect of slack/b: what is outside stays there\n", "")
    assert fake.asked[-1][3] == {"id": "slack/b", "key": "k"}
    assert '"forgotten": 1' in ask("forget", "slack/b", "-o", "json")[1]


def test_get_shows_effects(ask, fake):
    key = "GET /api/v1/configs/slack/a"
    effect = {"key": "hook:r", "status": "held", "handle": {"id": 7}, "since": None}
    fake.answers[key] = (200, fake.answers[key][1] | {"effects": [effect]})
    assert 'hook:r (held, {"id": 7})' in ask("get", "slack/a")[1]


def test_emit_sends_a_cloudevent(ask, fake):
    code, out, _ = ask("emit", "build.finished", "--data", '{"n": 1}', "--scope", "team=web", "--id", "1")
    assert (code, out) == (0, "✓ accepted build.finished as number 4 (id 1)\n")
    _, path, _, body, headers = fake.asked[-1]
    assert (path, headers["Content-Type"]) == ("/events", "application/cloudevents+json")
    assert {k: body[k] for k in ("specversion", "type", "team", "data")} == {
        "specversion": "1.0", "type": "build.finished", "team": "web", "data": {"n": 1},
    }  # fmt: skip


def test_emit_of_a_known_event_says_so(ask, fake):
    fake.answers["POST /events"] = (202, {"receipts": [{"sequence": 4, "duplicate": True}]})
    assert ask("emit", "x", "--id", "1")[1] == "✓ known already: x is number 4 (id 1)\n"


def test_answer_of_a_proxy_is_a_sentence(ask, fake):
    fake.answers["POST /events"] = (502, "<html>")
    assert ask("emit", "x") == (2, "", "error: the daemon answered 502 Bad Gateway\n")


def test_emit_takes_data_from_a_file(ask, fake, tmp_path):
    (tmp_path / "data.json").write_text("[1]")
    assert ask("emit", "x", "--data", f"@{tmp_path / 'data.json'}")[0] == 0
    assert fake.asked[-1][3]["data"] == [1]


def test_emit_of_a_file_without_its_sign_sends_nothing(ask, fake, tmp_path):
    (tmp_path / "event.json").write_text("{}")
    code, _, err = ask("emit", str(tmp_path / "event.json"))
    assert (code, "event.json is a file: write @" in err, fake.asked) == (2, True, [])


def test_emit_takes_a_whole_event_from_stdin(ask, fake, monkeypatch):
    event = {"specversion": "1.0", "type": "t", "source": "/s", "id": "9", "time": "2026-01-31T12:00:00Z"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(event)))
    assert ask("emit", "-")[0] == 0
    assert fake.asked[-1][3] == event


@pytest.mark.parametrize(
    "arguments",
    [
        ["x", "--data", "{"], ["x", "--data", "NaN"], ["x", "--data", "@/nowhere"], ["x", "--scope", "team"],
        ["x", "--scope", "Team=web"], ["x", "--scope", "type=other"], ["", "--data", "1"], ["@/nowhere"],
        ["-", "--data", "1"], ["x", "--data", "[" * 100_000],
    ],
)  # fmt: skip
def test_emit_refuses_what_is_no_event(ask, fake, arguments):
    code, out, err = ask("emit", *arguments)
    assert (code, out, fake.asked) == (2, "", [])
    assert err.startswith("error: ")


def test_token_goes_along(remote, tmp_path, capsys):
    (tmp_path / "token").write_text("s3cret\n")
    assert run(["status", "--server", remote.url, "--token-file", str(tmp_path / "token")]) == 0
    assert remote.asked[0][4]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in "".join(capsys.readouterr())


def test_refused_token_exits_2(remote, capsys):
    remote.answers["GET /api/v1/status"] = (401, None)
    assert run(["status", "--server", remote.url]) == 2
    assert "--token-file" in capsys.readouterr().err


def test_long_state_directory_is_reached(deep, capsys):
    assert len(str(deep.state_dir)) > 108
    assert run(["status", "--state-dir", str(deep.state_dir)]) == 0


def test_state_directory_before_the_verb_counts(fake):
    assert run(["--state-dir", str(fake.state_dir), "status"]) == 0


def test_state_directory_from_the_environment_counts(fake, monkeypatch):
    monkeypatch.setenv("RECONCILE_STATE_DIR", str(fake.state_dir))
    assert run(["status"]) == 0


def test_flag_beats_environment(fake, monkeypatch, tmp_path):
    monkeypatch.setenv("RECONCILE_STATE_DIR", str(tmp_path / "elsewhere"))
    assert run(["--state-dir", str(fake.state_dir), "status"]) == 0
    assert run(["status"]) == 2
