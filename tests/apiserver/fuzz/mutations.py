"""Changes of good requests below what their kinds know: of the method, the target, the headers and the bytes of the body.

What frames a message, its length and its empty line, stays as it is: the server may wait for the rest of a message that is cut short.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.apiserver.fuzz.request import Request
from tests.apiserver.fuzz.values import text

METHODS = ("get", "Post", "TRACE", "CONNECT", "PROPFIND", "M-SEARCH", "LIST", "WATCH", "G" * 300, "OPTIONS", "HEAD")
SEGMENTS = (
    *("", ".", "..", "%2e", "%2f", "%00", "%zz", "%", "%c0%af", ";", ";a=b", "~", "*", "+", "[", "\\"),
    *("watch", "proxy", "status", "scale", "exec", "log", "namespaces", "default", "API", "v1", "v1beta1", "x" * 3000),
)
QUERIES = (
    *(
        "&",
        "=",
        "&&=&",
        "%",
        "%zz=1",
        "a;b",
        "?",
        "#x",
        "watch",
        "watch=true;x",
        "a" * 5000,
        "pretty=%ff",
        "limit=1&limit=x",
    ),
    *(
        "labelSelector=a%3Db&labelSelector=c",
        "dryRun=All&dryRun=All",
        "dryRun=",
        "resourceVersion=0&resourceVersionMatch=Exact",
    ),
    *(
        "sendInitialEvents=true",
        "timeout=0",
        "timeoutSeconds=0",
        "fieldSelector=%00",
        "continue=%25",
        "LIMIT=5",
        "force=1",
    ),
)
HEADERS = (
    *(
        ("Accept", value)
        for value in ("*", "*/*;q=0", "application/json;as=Table", "a/b;c=d;e=f," * 200, "\t", "application/*")
    ),
    *(
        ("Content-Type", value)
        for value in ("application/json;charset=x", "APPLICATION/JSON", "json", "a/b/c", "application/json,x")
    ),
    *(("Content-Encoding", value) for value in ("gzip", "identity", "deflate, gzip", "")),
    *(("Authorization", value) for value in ("Bearer", "bearer x", "Negotiate x", "Bearer x y", "é")),
    *(("Impersonate-User", value) for value in ("", "system:node:a", "x\ty")),
    *(("Accept-Encoding", value) for value in ("*", "gzip;q=0.0001", "identity;q=0")),
    *(("Host", value) for value in ("fuzz", "[::1]:80", "fuzz:99999")),
    *(("Range", "bytes=0-5"), ("If-Match", "*"), ("If-Modified-Since", "x"), ("Upgrade", "h2c"), ("TE", "trailers")),
    *(
        ("X-Http-Method-Override", "DELETE"),
        ("Forwarded", "for=x"),
        ("X-Remote-Group", "system:masters"),
        ("X", "y" * 9000),
    ),
    *(("Via", "1.1 x"), ("Keep-Alive", "timeout=0"), ("baggage", "a=b," * 300), ("Traceparent", "ff-" + "0" * 50)),
)


def _method(random: Random, request: Request) -> Request:
    return replace(request, method=random.choice(METHODS))


def _path(random: Random, request: Request) -> Request:
    path, mark, query = request.target.partition("?")
    parts = path.split("/")
    at = random.randrange(len(parts))
    match random.randrange(6):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, parts[at])
        case 2:
            parts.insert(at, random.choice(SEGMENTS))
        case 3:
            parts[at] += random.choice(SEGMENTS)
        case 4:
            parts[at] = "".join(f"%{ord(letter):02X}" for letter in parts[at][:50])
        case _:
            other = random.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
    return replace(request, target=("/".join(parts) or "/") + mark + query)


def _query(random: Random, request: Request) -> Request:
    path, _, query = request.target.partition("?")
    added = random.choice(QUERIES)
    return replace(
        request, target=f"{path}?{random.choice((query, added, f'{query}&{added}', f'{added}&{query}', query * 50))}"
    )


def _header(random: Random, request: Request) -> Request:
    headers = list(request.headers)
    if headers and random.random() < 0.4:
        at = random.randrange(len(headers))
        name, value = headers[at]
        change = random.randrange(4)
        if change == 0:
            del headers[at]
        elif change == 1:
            headers.append((name.swapcase(), value))
        elif change == 2:
            headers[at] = name, "".join(random.sample(value, len(value)))
        else:
            headers[at] = name, value + random.choice((";", ",", " x", "\t", "é", ';a="b"'))
    else:
        headers.append(random.choice(HEADERS))
    return replace(request, headers=tuple(headers))


def _body(random: Random, request: Request) -> Request:
    body = request.body
    start, end = sorted((random.randrange(len(body) + 1), random.randrange(len(body) + 1)))
    piece = body[start:end]
    changed = random.choice(
        (
            body[:start] + body[end:],
            body[:end] + piece * random.choice((1, 3, 50)) + body[end:],
            body[:start] + text(random).encode("utf-8", "surrogatepass") + body[start:],
            body[:start] + bytes(each ^ (1 << random.randrange(8)) for each in piece[:4]) + body[start + 4 :],
            body[:start] + piece[::-1] + body[end:],
            random.randbytes(min(len(body), 200)),
        )
    )
    return replace(request, body=changed[: 1 << 20])


MUTATIONS: tuple[Callable[[Random, Request], Request], ...] = (
    _method,
    *(_path,) * 3,
    *(_query,) * 2,
    *(_header,) * 3,
    *(_body,) * 5,
)


def mutated(random: Random, request: Request) -> Request:
    """The request with one to three changes; of its success only the status counts, since it may be one of another kind."""
    for _ in range(random.choice((1, 1, 2, 3))):
        request = random.choice(MUTATIONS)(random, request)
    return replace(request, watches=True)
