"""Standard Webhooks (https://www.standardwebhooks.com): three headers that tell a receiver who sent a request and when.

Pure. The signed content is `id.timestamp.body`; the signature is `v1,` and the base64 of its HMAC-SHA256.
"""

import base64
import binascii
import hmac

from reconciler.sdk import Secret, TerminalError

_PREFIX = "whsec_"


def signature_headers(secret: Secret, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return `webhook-id`, `webhook-timestamp` (seconds since the epoch) and `webhook-signature`.

    Raises TerminalError when a secret that begins with `whsec_` is not base64 after it.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def _key(secret: Secret) -> bytes:
    """Return the key: base64 after `whsec_`, as the specification writes it, else the text itself."""
    text = secret.reveal()
    if not text.startswith(_PREFIX):
        return text.encode()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise TerminalError("settings.signing_secret begins with whsec_, so base64 must follow, and does not")
    return key
