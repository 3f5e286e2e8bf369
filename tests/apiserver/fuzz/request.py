"""A request, and its bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    watches: bool = False

    def to_bytes(self, token: str) -> bytes:
        """The request as it is sent; its headers may bring an Authorization of their own."""
        headers = [("Host", "fuzz"), *self.headers]
        if not any(name == "Authorization" for name, _ in headers):
            headers.append(("Authorization", f"Bearer {token}"))
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", str(len(self.body))))
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + self.body
