"""The signature of a message, as the Standard Webhooks specification has it.

Signed is the text `ID.TIME.BODY`: the header `webhook-id`, a full stop, the header `webhook-timestamp`
(whole seconds since 1970), a full stop, and the body byte by byte as it was sent. The key is what follows
`whsec_` in the secret, base64-decoded. `webhook-signature` is `v1,` and the base64 of HMAC-SHA256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def key_of(secret: str) -> bytes:
    """The key in a secret.

    Raises:
        ValueError: it is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        # The secret itself is not repeated.
        raise ValueError(
            f"wanted {PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} random bytes; "
            f"make one with: echo {PREFIX}$(openssl rand -base64 32)"
        )
    return key


def signed_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message.

    Args:
        key: of `key_of`.
        message_id: without a full stop; the same when the message is sent again.
        timestamp: seconds since 1970, of this attempt.
        body: as it is sent.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
