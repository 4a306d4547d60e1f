"""Cases that script what the service answers: the daemon's own rules say what becomes of the delivery then."""

import pytest
from written import case

CONFIG = """integration: webhook
name: {name}
settings: {{url: "https://hooks.example.com/{name}"}}
events: [{events}]
delivery: {{{delivery}}}
"""
DEPLOY = "{type: deploy.done}"


@pytest.fixture
def told(root, test):
    """Run one case over `webhook/main`, and `webhook/spare` if there is a fallback; returns the code and the output."""

    def call(expect, answers, delivery="retry_for: 15m", event=DEPLOY, **more):
        texts = [CONFIG.format(name="main", events="{type: deploy.done}", delivery=delivery)]
        if "fallback" in delivery:
            texts.append(CONFIG.format(name="spare", events="", delivery=""))
        (root / "configs" / "a.yaml").write_text("---\n".join(texts))
        return test(case("c", expect, event, answers=answers, **more))[:2]

    return call


@pytest.mark.parametrize(
    ("answers", "expect"),
    [
        ("200", "true"),
        ("[503, 200]", "{attempts: 2, waits: [1s]}"),
        ("[503, 500, 408, 200]", "{attempts: 4, waits: [1s, 2s, 4s], result: delivered}"),
        ('[{status: 503, headers: {Retry-After: "120"}}, 200]', "{attempts: 2, waits: [2m]}"),
        ("[{status: 429, headers: {retry-after: 7}}, 200]", "{waits: [7s]}"),
        ("[{status: 503, headers: {retry-after: 'Thu, 01 Jan 2026 00:01:00 GMT'}}, 200]", "{waits: [1m]}"),
        ("410", "{attempts: 1, result: dead, reason: Terminal}"),
        ("[503, 301]", "{attempts: 2, result: dead, reason: Terminal}"),
        ("503", "{attempts: 12, result: dead, reason: RetriesExhausted}"),
        ("{status: 503, headers: {retry-after: 1000}}", "{attempts: 1, waits: [], reason: RetriesExhausted}"),
    ],
)
def test_delivery_goes_as_the_daemon_would_have_it_go(told, answers, expect):
    code, out = told(f"{{webhook/main: {expect}}}", f"{{webhook/main: {answers}}}")
    assert code == 0, out


def test_last_attempt_is_made_when_retry_for_ends(told):
    expect = "{webhook/main: {attempts: 5, waits: [1s, 2s, 4s, 3s], reason: RetriesExhausted}}"
    code, out = told(expect, "{webhook/main: 502}", "retry_for: 10s")
    assert code == 0, out


def test_delivery_that_is_too_old_is_a_dead_letter(told):
    expect = "{webhook/main: {attempts: 3, result: dead, reason: Expired}}"
    code, out = told(expect, "{webhook/main: 502}", "retry_for: 1h, expire_after: 5s")
    assert code == 0, out


def test_delivery_that_is_not_made_fails_a_case_that_expects_one(told):
    code, out = told("{webhook/main: true}", "{webhook/main: [503, 410]}")
    assert code == 1
    assert out == (
        "✗ configs/a.test.yaml:2: c\n"
        "    webhook/main: deploy.done does not go as expected (- expected, + found)\n"
        "      result\n"
        '        - "delivered"\n'
        '        + "dead"\n'
        "      what the integration made of the answer: https://hooks.example.com answered 410: Gone\n"
        + out[out.index("✗ 1 case") :]
    )


def test_what_is_given_up_reaches_the_fallback_with_its_own_answers(told):
    expect = (
        "{webhook/main: {result: fallback, reason: Terminal}, "
        "webhook/spare: {attempts: 2, contains: {sent: {url: spare}}}}"
    )
    answers = "{webhook/main: 410, webhook/spare: [503, 200]}"
    code, out = told(expect, answers, "fallback: webhook/spare")
    assert code == 0, out


def test_fallback_that_fails_too_is_the_end(told):
    expect = "{webhook/main: {result: fallback}, webhook/spare: {result: dead, reason: FallbackFailed}}"
    code, out = told(expect, "{webhook/main: 410, webhook/spare: 410}", "fallback: webhook/spare")
    assert code == 0, out


def test_fallback_that_nobody_expects_fails_the_case_and_says_why(told):
    code, out = told("{webhook/main: {result: fallback}}", "{webhook/main: 410}", "fallback: webhook/spare")
    assert code == 1
    assert "webhook/spare received deploy.done, and was not expected to: webhook/main has given it up" in out


def test_fallback_that_there_is_not_is_a_dead_letter(told):
    expect = "{webhook/main: {result: dead, reason: Terminal}}"
    assert told(expect, "{webhook/main: 410}", "fallback: webhook/gone")[0] == 0


def test_snapshot_holds_the_course(root, told, test):
    told("snapshot", "{webhook/main: [503, 200]}")
    assert test(arguments=["--update"])[0] == 0
    assert "attempts: 2\n" in (root / "configs" / "a.test.snap").read_text()
    assert told("snapshot", "{webhook/main: [503, 503, 200]}")[0] == 1


def test_integration_sees_the_body_and_the_time_of_each_attempt(root, test):
    (root / "configs" / "a.yaml").write_text(
        "integration: slack\nname: main\nsettings: {bot_token: {secret: 'env:TOKEN'}, channel: '#x'}\nevents: [{type: deploy.done}]\n"
    )
    expect = "{slack/main: {result: dead, reason: Terminal}}"
    code, out, _ = test(
        case("c", expect, DEPLOY, answers="{slack/main: {status: 200, body: {ok: false, error: invalid_auth}}}")
    )
    assert code == 0, out


def test_answers_for_what_makes_no_request_are_told(root, test):
    (root / "configs" / "a.yaml").write_text("integration: console\nname: main\nevents: [{type: deploy.done}]\n")
    code, out, _ = test(case("c", "{console/main: true}", DEPLOY, answers="{console/main: 503}"))
    assert code == 1
    assert "nothing can be sent: `answers` are those to HTTP requests, and it has made none" in out


def test_script_without_an_end_is_told(told):
    code, out = told("{webhook/main: true}", "{webhook/main: 503}", "retry_for: 365d, expire_after: 365d")
    assert code == 1
    assert "it is still tried after 2,500 attempts" in out


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("answers: {webhook/main: 99}", "error[invalid-value]"),
        ("answers: {webhook/main: [503, {status: 200, staus: 1}]}", "error[unknown-key]"),
        ("answers: {webhook/mian: 503}", "error[unknown-config] no file names a configuration `webhook/mian`"),
    ],
)
def test_mistake_in_answers_has_its_place(root, test, text, found):
    (root / "configs" / "a.yaml").write_text(CONFIG.format(name="main", events="{type: deploy.done}", delivery=""))
    key, _, value = text.partition(": ")
    code, out, _ = test(case("c", "{webhook/main: true}", DEPLOY, **{key: value}))
    assert (code, found in out) == (1, True), out


def test_answers_to_several_events_and_results_without_answers_are_errors(root, test):
    (root / "configs" / "a.yaml").write_text(CONFIG.format(name="main", events="{type: deploy.done}", delivery=""))
    several = case("c", "{webhook/main: true}", DEPLOY, answers="{webhook/main: 503}").replace(
        f"event: {DEPLOY}", f"events: [{DEPLOY}, {DEPLOY}]"
    )
    code, out, _ = test(several, case("d", "{webhook/main: {result: dead}}", DEPLOY))
    assert code == 1
    assert "expected one event beside `answers`, found 2" in out
    assert "`webhook/main` has no `answers` in this case" in out


@pytest.mark.parametrize("expect", ["{webhook/main: false}", "nobody", "snapshot"])
def test_answers_of_what_the_event_does_not_reach_fail_the_case(told, expect):
    code, out = told(expect, "{webhook/main: 503}", event="{type: deploy.failed}")
    assert code == 1
    assert "    webhook/main did not receive deploy.failed, so nothing asks for its `answers`\n" in out


def test_answers_of_a_fallback_that_nothing_is_handed_to_fail_the_case(told):
    delivery = "retry_for: 15m, fallback: webhook/spare"
    code, out = told("{webhook/main: true}", "{webhook/main: 200, webhook/spare: 503}", delivery)
    assert (code, "webhook/spare did not receive deploy.done, so nothing asks for its `answers`" in out) == (1, True)


def test_answers_of_what_was_expected_and_missed_are_told_once(told):
    code, out = told("{webhook/main: true}", "{webhook/main: 503}", event="{type: deploy.failed}")
    assert (code, out.count("did not receive"), "nothing asks" in out) == (1, 1, False)
