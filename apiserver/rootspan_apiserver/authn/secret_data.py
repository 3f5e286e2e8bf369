"""The values of Secrets, by which tokens are checked."""

import base64
import binascii


def secret_value(data: str) -> bytes:
    """Return a value of the `data` of a Secret, empty if it is not base64."""
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return b""
