"""What Slack's answers mean: its error names, which of them pass by themselves, and what a person does about the rest.

Sources: the errors of `chat.postMessage` and of incoming webhooks in Slack's documentation.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.sdk import HttpResponse, TerminalError, TransientError, raise_for_delivery, retry_after

_PASSING: Final = frozenset({
    "fatal_error", "internal_error", "org_login_required", "rate_limited", "ratelimited", "request_timeout",
    "rollup_error", "service_unavailable", "team_added_to_org", "timeout",
})  # fmt: skip
_TOKEN: Final = "install the app again and put its new bot token in place"  # noqa: S105 - advice, not a token
_HOOK: Final = "add a new incoming webhook in the app's settings and put its address in place"
_HELP: Final[Mapping[str, str]] = {
    "account_inactive": f"the token's user or workspace is gone: {_TOKEN}",
    "action_prohibited": "an administrator has restricted posting there",
    "cannot_reply_to_message": "the thread cannot be replied to",
    "channel_is_archived": "choose another channel, or unarchive it",
    "channel_not_found": "check the name; the bot sees a private channel only once it was invited, and ids are safest",
    "ekm_access_denied": "an administrator has suspended posting",
    "invalid_attachments": "the message is not of a form that Slack takes: check the templates under 'message'",
    "invalid_auth": f"the token is not valid, or not from this network: {_TOKEN}",
    "invalid_blocks": "the message is not of a form that Slack takes: check the templates under 'message'",
    "invalid_blocks_format": "the message is not of a form that Slack takes: check the templates under 'message'",
    "invalid_payload": "the message is not of a form that Slack takes: check the templates under 'message'",
    "invalid_token": _HOOK,
    "is_archived": "choose another channel, or unarchive it",
    "messages_tab_disabled": "the app's messages tab is off: a person cannot be written to",
    "missing_scope": "give the app chat:write (chat:write.customize for username and icons) and install it again",
    "msg_blocks_too_long": "shorten the message",
    "msg_too_long": "shorten the message",
    "no_active_hooks": f"the webhook is switched off: {_HOOK}",
    "no_permission": "the token may not post there: invite the bot, or give the app the scope chat:write",
    "no_service": f"the webhook was removed or is switched off: {_HOOK}",
    "no_service_id": f"the address is not whole: {_HOOK}",
    "no_team": f"the workspace is gone: {_HOOK}",
    "no_text": "the message came out empty: check the templates under 'message'",
    "not_allowed_token_type": "use a bot token (xoxb-…)",
    "not_authed": "the token did not arrive: check api_url and what stands before it",
    "not_in_channel": "invite the bot to the channel, or give the app the scope chat:write.public",
    "posting_to_general_channel_denied": "an administrator has restricted posting to the general channel",
    "restricted_action": "an administrator has restricted posting there",
    "team_access_not_granted": "the app is not installed in the channel's workspace",
    "token_expired": f"the token has expired: {_TOKEN}",
    "token_revoked": f"the token was revoked: {_TOKEN}",
    "too_many_attachments": "shorten the message",
    "user_not_found": "check the name, or use the person's id",
}


def check_api_answer(response: HttpResponse, *, now: float) -> None:
    """Return when `chat.postMessage` has posted; raises TransientError or TerminalError.

    Slack answers 200 with `ok: false` and an error name for most failures.
    """
    answer = _json_object(response)
    if answer is not None and answer.get("ok") is False:
        raise _refusal(response, str(answer.get("error", "unknown_error")), answer, now)
    raise_for_delivery(response, now=now)
    if answer is None or answer.get("ok") is not True:
        raise TransientError(f"{response.origin} did not answer as Slack's Web API does: check api_url")


def check_webhook_answer(response: HttpResponse, *, now: float) -> None:
    """Return when an incoming webhook has posted; raises TransientError or TerminalError.

    It answers in plain text: `ok`, or an error name with a status of its own.
    """
    answer = _json_object(response)
    name = "" if answer is not None else response.text.strip()[:64]
    if answer is not None and answer.get("ok") is False:
        raise _refusal(response, str(answer.get("error", "unknown_error")), answer, now)
    if name in _HELP or name in _PASSING:
        raise _refusal(response, name, {}, now)
    raise_for_delivery(response, now=now)


def _refusal(
    response: HttpResponse, name: str, answer: Mapping[str, Any], now: float
) -> TransientError | TerminalError:
    name = "".join(c for c in name[:64] if c.isalnum() or c in "_-.") or "unknown_error"
    if name in _PASSING or response.status == 429 or response.status >= 500:
        return TransientError(f"Slack answered {name}", retry_after=retry_after(response.headers, now=now))
    needed = answer.get("needed")
    advice = _HELP.get(name, "see the errors of chat.postMessage in Slack's documentation")
    if name == "missing_scope" and isinstance(needed, str):
        advice = f"give the app the scope {needed[:80]} and install it again"
    return TerminalError(f"Slack answered {name}: {advice}")


def _json_object(response: HttpResponse) -> Mapping[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
