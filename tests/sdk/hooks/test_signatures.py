import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.ports import Request
from reconciler.model.secret import Secret
from reconciler.sdk.signatures import (
    HmacVerifier,
    Replays,
    StandardWebhooksVerifier,
    TokenVerifier,
    Verdict,
    unsigned,
)

NOW = 1_700_000_000.0
BODY = b'{"a": 1}'


def request(headers=(), body=BODY):
    return Request("POST", "/hooks/x", "", dict(headers), body)


def verdict(verifier, headers=(), body=BODY, now=NOW):
    return verifier.verify(request(headers, body), now).verdict


def test_githubs_own_example_is_genuine():
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    verifier = HmacVerifier(Secret("It's a Secret to Everybody"))
    assert verdict(verifier, {"x-hub-signature-256": signature}, b"Hello, World!") is Verdict.GENUINE


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Verdict.MISSING),
        ({"x-hub-signature-256": ""}, Verdict.MISMATCH),
        ({"x-hub-signature-256": "sha256="}, Verdict.MISMATCH),
        ({"x-hub-signature-256": "sha256=" + "0" * 64}, Verdict.MISMATCH),
        ({"x-hub-signature-256": "sha256=é\udc80"}, Verdict.MISMATCH),
    ],
)
def test_wrong_hmac_is_refused(headers, expected):
    assert verdict(HmacVerifier(Secret("s")), headers) is expected


@pytest.mark.parametrize("secret", [None, Secret("")])
@pytest.mark.parametrize("kind", [HmacVerifier, StandardWebhooksVerifier, TokenVerifier])
def test_without_a_secret_everything_is_refused(kind, secret):
    signature = "sha256=" + hmac.new(b"", BODY, "sha256").hexdigest()
    headers = {"x-hub-signature-256": signature, "authorization": ""}
    assert verdict(kind(secret), headers) is Verdict.NO_KEY


def test_changed_body_is_refused():
    signature = "sha256=" + hmac.new(b"s", BODY, "sha256").hexdigest()
    assert verdict(HmacVerifier(Secret("s")), {"x-hub-signature-256": signature}, BODY + b" ") is Verdict.MISMATCH


def slack(timestamp, body=BODY, key=b"s"):
    signed = f"v0:{timestamp}:".encode() + body
    signature = "v0=" + hmac.new(key, signed, "sha256").hexdigest()
    return {"x-slack-signature": signature, "x-slack-request-timestamp": str(timestamp)}


SLACK = HmacVerifier(
    Secret("s"),
    "X-Slack-Signature",
    "v0=",
    timestamp_header="X-Slack-Request-Timestamp",
    content="v0:{timestamp}:{body}",
)


@pytest.mark.parametrize(("off", "expected"), [(0, Verdict.GENUINE), (301, Verdict.STALE), (-301, Verdict.STALE)])
def test_timestamp_of_slacks_kind_is_checked(off, expected):
    assert verdict(SLACK, slack(int(NOW) + off)) is expected


@pytest.mark.parametrize(
    ("timestamp", "expected"), [("", Verdict.MISSING), ("soon", Verdict.MALFORMED), ("9" * 400, Verdict.MALFORMED)]
)
def test_bad_timestamp_is_refused(timestamp, expected):
    assert verdict(SLACK, {**slack(1), "x-slack-request-timestamp": timestamp}) is expected


def test_base64_and_other_digests():
    digest = base64.b64encode(hmac.digest(b"s", BODY, "sha512")).decode()
    verifier = HmacVerifier(Secret("s"), "x-sign", "", algorithm="sha512", encoding="base64")
    assert verdict(verifier, {"x-sign": digest}) is Verdict.GENUINE


@pytest.mark.parametrize("content", ["", "{timestamp}:{body}"])
def test_content_that_does_not_fit_is_refused_at_construction(content):
    with pytest.raises(ValueError, match="content"):
        HmacVerifier(Secret("s"), content=content)


KEY = b"0123456789abcdef0123456789abcdef"
WHSEC = Secret("whsec_" + base64.b64encode(KEY).decode())


def standard(message="msg_1", timestamp=int(NOW), body=BODY, key=KEY, before=""):
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, "sha256")
    signature = before + "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": message, "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def test_standard_webhooks_own_example_is_genuine():
    # https://github.com/standard-webhooks/standard-webhooks, the test of its libraries
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    verifier = StandardWebhooksVerifier(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    assert verdict(verifier, headers, b'{"test": 2432232314}', 1614265330.0) is Verdict.GENUINE


@pytest.mark.parametrize("before", ["v1,bm9uc2Vuc2U= ", "v1a,abc ", "  ", "v2, v1, "])
def test_one_of_several_signatures_suffices(before):
    assert verdict(StandardWebhooksVerifier(WHSEC), standard(before=before)) is Verdict.GENUINE


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Verdict.MISSING),
        ({**standard(), "webhook-id": ""}, Verdict.MISSING),
        ({**standard(), "webhook-id": "msg_2"}, Verdict.MISMATCH),
        ({**standard(), "webhook-timestamp": str(int(NOW) + 1)}, Verdict.MISMATCH),
        ({**standard(), "webhook-timestamp": "-1"}, Verdict.MALFORMED),
        ({**standard(), "webhook-signature": "v1,"}, Verdict.MISMATCH),
        ({**standard(), "webhook-signature": "v1a" + standard()["webhook-signature"][2:]}, Verdict.MISMATCH),
        (standard(timestamp=int(NOW) - 301), Verdict.STALE),
        (standard(timestamp=int(NOW) + 301), Verdict.STALE),
        (standard(key=b"another"), Verdict.MISMATCH),
    ],
)
def test_wrong_standard_webhook_is_refused(headers, expected):
    assert verdict(StandardWebhooksVerifier(WHSEC), headers) is expected


def test_secret_that_is_not_base64_refuses():
    assert verdict(StandardWebhooksVerifier(Secret("whsec_!!")), standard()) is Verdict.NO_KEY


def test_replay_key_is_the_signed_id_and_lasts_as_long_as_the_timestamp_counts():
    verifier = StandardWebhooksVerifier(WHSEC)
    first = verifier.verify(request(standard()), NOW)
    resent = verifier.verify(request(standard(timestamp=int(NOW) + 60)), NOW + 60)
    assert first.until == NOW + 300
    assert first.key != resent.key


@pytest.mark.parametrize(
    ("given", "expected"),
    [("Bearer geheim-é", Verdict.GENUINE), ("Bearer geheim", Verdict.MISMATCH), ("geheim-é", Verdict.MISMATCH)],
)
def test_token(given, expected):
    sent = given.encode().decode("latin-1")  # as an HTTP server decodes the bytes
    assert verdict(TokenVerifier(Secret("geheim-é"), prefix="Bearer "), {"authorization": sent}) is expected


def test_missing_token_is_refused():
    assert verdict(TokenVerifier(Secret("s"), "X-Gitlab-Token")) is Verdict.MISSING


def test_unsigned_lets_everything_in():
    assert verdict(unsigned()) is Verdict.GENUINE


@given(
    headers=st.dictionaries(
        st.sampled_from(sorted({*standard(), *slack(1), "x-hub-signature-256", "authorization"})), st.text()
    )
)
def test_garbage_is_refused_without_an_exception(headers):
    for verifier in (
        HmacVerifier(Secret("s")),
        SLACK,
        StandardWebhooksVerifier(WHSEC),
        TokenVerifier(Secret("geheim")),
    ):
        assert verdict(verifier, headers) is not Verdict.GENUINE


def test_replays_remember_until_the_time_given():
    replays = Replays()
    assert replays.claim(b"k", NOW + 10, NOW) is Verdict.GENUINE
    assert replays.claim(b"k", NOW + 10, NOW + 9) is Verdict.REPLAYED
    assert replays.claim(b"k", NOW + 20, NOW + 10) is Verdict.GENUINE


def test_forgotten_key_is_let_in_again():
    replays = Replays()
    replays.claim(b"k", NOW + 10, NOW)
    replays.forget(b"k")
    assert replays.claim(b"k", NOW + 10, NOW) is Verdict.GENUINE


def test_full_window_refuses_and_stays_bounded():
    replays = Replays(limit=3)
    for number in range(10):
        replays.claim(hashlib.sha256(bytes([number])).digest(), NOW + 10, NOW)
    assert len(replays) == 3
    assert replays.claim(b"new", NOW + 10, NOW) is Verdict.FULL
    assert replays.claim(b"new", NOW + 30, NOW + 10) is Verdict.GENUINE


def test_secret_is_not_shown():
    assert "geheim" not in repr(vars(TokenVerifier(Secret("geheim"))))
