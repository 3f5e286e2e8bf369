"""A warning for the user of a client, as the value of a `Warning` header (RFC 7234 §5.5, code 299)."""

_LIMIT = 4 * 1024


def warning_header(text: str) -> bytes:
    """Control characters are left out, quotes and backslashes escaped, long texts cut."""
    printable = "".join(character for character in text if character.isprintable())[:_LIMIT]
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{escaped}"'.encode()
