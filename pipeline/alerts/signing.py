"""Signatures by which a receiver knows that an alert is ours: the Standard Webhooks specification 1.0.0, its symmetric scheme.

Signed are id, time and body, joined by points, with HMAC-SHA256; so neither can be changed, nor an old message sent again
much later. Libraries for most languages verify it.
"""

import base64
import binascii
import hmac
import secrets
from datetime import datetime

from pipeline.errors import UsageError

PREFIX = "whsec_"
#: Bytes of a key, as the specification bounds them.
LEAST_KEY, MOST_KEY = 24, 64


def make_secret() -> str:
    """Return a new secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def read_key(secret: str) -> bytes:
    """Return the key that the secret holds. Raises UsageError where it holds none; the secret is not in its text."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not (secret.startswith(PREFIX) and LEAST_KEY <= len(key) <= MOST_KEY):
        raise UsageError(f"a webhook's secret is {PREFIX} and {LEAST_KEY} to {MOST_KEY} bytes in base64")
    return key


def sign_message(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that sign the message as sent at that time."""
    seconds = str(int(at.timestamp()))
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    signature = base64.b64encode(hmac.digest(read_key(secret), signed, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": f"v1,{signature}"}
