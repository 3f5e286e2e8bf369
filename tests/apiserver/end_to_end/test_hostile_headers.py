"""A stranger sends trace headers of every kind and shape; nothing of them is found in anything the server sends to anybody."""

import asyncio
import base64
import json
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.apiserver.end_to_end.outside import (
    CONFIG_MAPS,
    Credentials,
    Overheard,
    Webhooks,
    administering,
    config_map,
    overhearing,
    started,
    tracing_configuration,
    webhooks,
)
from tests.apiserver.end_to_end.processes import PATIENCE, Child, Server, collecting
from tests.apiserver.etcd.processes import Member

pytestmark = pytest.mark.anyio

TRACE, SPAN, WORD = "fade0badfade1badfade2badfade3bad", "c0de4badc0de5bad", "mallory"
RAW_TRACE, RAW_SPAN = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
UUID = f"{TRACE[:8]}-{TRACE[8:12]}-{TRACE[12:16]}-{TRACE[16:20]}-{TRACE[20:]}"
DECIMALS = [str(int(digits, 16)) for digits in (TRACE, TRACE[:16], TRACE[16:], SPAN)]
BINARY = b"\0\0" + RAW_TRACE + b"\1" + RAW_SPAN + b"\2\1"
UBER = struct.pack(">QQQQB", int(TRACE[:16], 16), int(TRACE[16:], 16), int(SPAN, 16), 0, 1)

Headers = list[tuple[bytes, bytes]]


def parent(flags: str = "01", version: str = "00", trace: str = TRACE, span: str = SPAN, more: str = "") -> bytes:
    return f"{version}-{trace}-{span}-{flags}{more}".encode()


TRACEPARENTS = {
    **{f"flags {flags}": parent(flags) for flags in ("00", "01", "02", "03", "ff", "0")},
    **{f"version {version}": parent(version=version) for version in ("01", "cc", "ff", "0", "-1")},
    "a later version with more": parent(version="01", more=f"-{WORD}"),
    "more than the version has": parent(more="-00"),
    "upper case": parent(trace=TRACE.upper(), span=SPAN.upper()),
    "trace id of zeros": parent(trace="0" * 32),
    "span id of zeros": parent(span="0" * 16),
    "trace id too short": parent(trace=TRACE[:16]),
    "trace id too long": parent(trace=TRACE * 2),
    "no hexadecimal": parent(trace=WORD.ljust(32, "z")),
    "without dashes": parent().replace(b"-", b""),
    "spaces around": b" \t " + parent() + b" \t ",
    "a list": parent() + b"," + parent(),
    "not UTF-8": parent() + b"\xff\xfe" + WORD.encode(),
    "UTF-8": parent() + "…mallory".encode(),
    "empty": b"",
    "very long": parent() + b"-" + WORD.encode() * 5000,
    "a letter of another alphabet": parent(trace="\N{FULLWIDTH LATIN SMALL LETTER F}" + TRACE[1:]),
}
OTHERS: dict[str, Headers] = {
    "mixed case": [(b"TrAcEpArEnT", parent()), (b"TRACESTATE", f"{WORD}=1".encode())],
    "twice": [(b"traceparent", parent()), (b"traceparent", parent("00"))],
    "twice in two cases": [(b"traceparent", b"nonsense"), (b"Traceparent", parent())],
    "many": [(b"traceparent", parent())] * 60,
    "state alone": [(b"tracestate", f"{WORD}={TRACE}".encode())],
    "state of many": [
        (b"traceparent", parent()),
        (b"tracestate", ",".join(f"k{n}@{WORD}={SPAN}" for n in range(64)).encode()),
    ],
    "state repeated": [(b"traceparent", parent()), *[(b"tracestate", f"{WORD}{n}=1".encode()) for n in range(40)]],
    "state malformed": [(b"traceparent", parent()), (b"tracestate", f"={WORD},,;{WORD}==\xff".encode("latin-1"))],
    "state very long": [(b"traceparent", parent()), (b"tracestate", f"{WORD}=".encode() + b"x" * 30_000)],
    "baggage": [(b"baggage", f"{WORD}={TRACE};{WORD}=1,user={SPAN}".encode())],
    "baggage of percents": [(b"baggage", b"%FF%00=%E2%28" + WORD.encode() + b",%6d=" + WORD.encode())],
    "baggage very long": [(b"baggage", b",".join(b"%d=%s" % (n, WORD.encode()) for n in range(20_000)))],
    "B3 in one": [(b"b3", f"{TRACE}-{SPAN}-1-{SPAN}".encode())],
    "B3 in many": [
        (b"X-B3-TraceId", TRACE.encode()),
        (b"X-B3-SpanId", SPAN.encode()),
        (b"X-B3-ParentSpanId", SPAN.encode()),
        (b"X-B3-Sampled", b"1"),
        (b"X-B3-Flags", b"1"),
    ],
    "Jaeger": [
        (b"uber-trace-id", f"{TRACE}:{SPAN}:0:1".encode()),
        (f"uberctx-{WORD}".encode(), WORD.encode()),
        (b"jaeger-debug-id", WORD.encode()),
        (b"jaeger-baggage", f"{WORD}={WORD}".encode()),
    ],
    "Sentry": [(b"sentry-trace", f"{TRACE}-{SPAN}-1".encode()), (b"baggage", f"sentry-trace_id={TRACE}".encode())],
    "Google": [(b"x-cloud-trace-context", f"{TRACE}/{DECIMALS[3]};o=1".encode())],
    "Datadog": [
        (b"x-datadog-trace-id", DECIMALS[2].encode()),
        (b"x-datadog-parent-id", DECIMALS[3].encode()),
        (b"x-datadog-sampling-priority", b"2"),
        (b"x-datadog-origin", WORD.encode()),
        (b"x-datadog-tags", f"_dd.p.tid={TRACE[:16]}".encode()),
    ],
    "Amazon": [(b"x-amzn-trace-id", f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1".encode())],
    "New Relic": [(b"newrelic", base64.b64encode(json.dumps({"d": {"tr": TRACE, "id": SPAN}}).encode()))],
    "SkyWalking": [
        (b"sw8", b"-".join((b"1", base64.b64encode(TRACE.encode()), base64.b64encode(SPAN.encode()), b"3")))
    ],
    "Elastic": [(b"elastic-apm-traceparent", parent())],
    "OpenTracing": [
        (b"ot-tracer-traceid", TRACE[:16].encode()),
        (b"ot-tracer-spanid", SPAN.encode()),
        (b"ot-tracer-sampled", b"true"),
        (f"ot-baggage-{WORD}".encode(), WORD.encode()),
    ],
    "gRPC": [
        (b"grpc-trace-bin", base64.b64encode(BINARY)),
        (b"grpc-tags-bin", base64.b64encode(WORD.encode())),
        (b"x-goog-ext-trace-bin", base64.b64encode(UBER)),
    ],
    "etcd's gateway": [
        (b"grpc-metadata-traceparent", parent()),
        (b"Grpc-Metadata-Tracestate", f"{WORD}=1".encode()),
        (b"grpc-metadata-grpc-trace-bin", base64.b64encode(BINARY)),
        (b"grpcgateway-traceparent", parent()),
    ],
    "request ids": [
        (b"x-request-id", UUID.encode()),
        (b"x-correlation-id", UUID.encode()),
        (b"x-trace-id", TRACE.encode()),
        (b"trace-id", TRACE.encode()),
    ],
    "Envoy": [
        (b"x-ot-span-context", f"{TRACE};{SPAN};0000000000000000;cs".encode()),
        (b"x-client-trace-id", b"mallory"),
    ],
    "forwarded": [(b"x-forwarded-traceparent", parent()), (b"forwarded", f"for={WORD};trace={TRACE}".encode())],
    "by connection": [(b"connection", b"keep-alive, traceparent"), (b"traceparent", parent())],
    "trailing colon": [(b"traceparent", b": " + parent())],
}
ATTACKS: dict[str, Headers] = {
    **{f"traceparent, {name}": [(b"traceparent", value)] for name, value in TRACEPARENTS.items()},
    **OTHERS,
}
NEEDLES = [
    *(text.encode() for text in (TRACE, TRACE[:16], TRACE[16:], SPAN, WORD, UUID, *DECIMALS)),
    *(base64.b64encode(raw)[:20] for raw in (BINARY, UBER, WORD.encode() * 5, TRACE.encode(), SPAN.encode())),
]
RAW_NEEDLES = [RAW_TRACE, RAW_TRACE[:8], RAW_TRACE[8:], RAW_SPAN, RAW_TRACE[::-1], RAW_SPAN[::-1]]


def found(heard: bytes | bytearray) -> list[bytes]:
    """What of the stranger's is among these bytes, in any case, in hexadecimal, decimal, base64 or as it is."""
    lower = bytes(heard).lower()
    return [needle for needle in NEEDLES if needle.lower() in lower] + [raw for raw in RAW_NEEDLES if raw in heard]


class Stranger:
    """A TLS connection on which requests are written byte by byte."""

    def __init__(self, server: Server, credentials: Credentials) -> None:
        self._server = urlsplit(server.url)
        self._credentials = credentials

    async def sends(self, method: str, path: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        """Status and all bytes of the answer."""
        reader, writer = await asyncio.open_connection(
            self._server.hostname, self._server.port, ssl=self._credentials.tls, limit=1 << 20
        )
        lines = [
            f"{method} {path} HTTP/1.1".encode(),
            b"host: " + self._server.netloc.encode(),
            b"authorization: Bearer " + self._credentials.token.encode(),
            b"content-type: application/json",
            b"connection: close",
            *(name + b": " + value for name, value in headers),
            b"content-length: %d" % len(body),
        ]
        try:
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
        finally:
            writer.transport.abort()
        return int(answer.split(b" ", 2)[1]), answer


MALFORMED: dict[str, Headers] = {
    "folded": [(b"x-first", b"1\r\n traceparent: " + parent())],
    "a zero byte": [(b"traceparent", parent() + b"\0")],
    "a zero byte in the name": [(b"traceparent\0", parent())],
    "a line feed alone": [(b"x-first", b"1\ntraceparent: " + parent())],
    "a space before the colon": [(b"traceparent ", parent())],
    "no name": [(b"", parent())],
    "a name that is not ASCII": [("träceparent".encode(), parent())],
}
TO_WEBHOOKS = {"host", "user-agent", "accept", "content-type", "accept-encoding", "content-length", "traceparent"}
PRINTED = re.compile(
    r"Trace ID *: *(\S*)\n *Parent ID *: *(\S*)\n *ID *: *(\S*)\n *Name *: *(.*)\n *Kind *: *SPAN_KIND_(\S*)\n"
)


@dataclass(frozen=True, slots=True)
class Listening:
    """A server, and everything around it that hears what it sends."""

    server: Server
    stranger: Stranger
    hooks: Webhooks
    before_etcd: Overheard
    before_collector: Overheard
    rotel: Child

    async def end(self) -> None:
        """Stop the server and then the collector, so that all that was to be sent has been sent and printed."""
        assert await asyncio.to_thread(self.server.process.stop) == 0
        await asyncio.to_thread(self.rotel.stop)

    def found(self) -> dict[str, list[bytes]]:
        """What of the stranger's was heard, by those who heard it."""
        heard: dict[str, bytes | bytearray] = {
            "printed spans": self.rotel.stdout.encode(),
            "exported bytes": self.before_collector.sent,
            "sent to etcd": self.before_etcd.sent,
            "headers of reviews": str(self.hooks.application.headers).encode(),
            "reviews": str(self.hooks.application.asked).encode(),
            "written to the log": self.server.process.stderr.encode(),
        }
        return {who: found(what) for who, what in heard.items() if found(what)}


@asynccontextmanager
async def listening(folder: Path, member: Member, *flags: str) -> AsyncIterator[Listening]:
    with collecting() as (rotel, endpoint):
        async with (
            overhearing(int(endpoint.rpartition(":")[2])) as before_collector,
            overhearing(member.client_port) as before_etcd,
            webhooks() as hooks,
            started(
                folder,
                f"--etcd-servers={before_etcd.url}",
                f"--etcd-prefix={folder}",
                tracing_configuration(folder, endpoint=before_collector.address, samplingRatePerMillion=1_000_000),
                *flags,
            ) as server,
        ):
            async with administering(server) as client:
                await hooks.register(client)
            stranger = Stranger(server, Credentials.of(server))
            yield Listening(server, stranger, hooks, before_etcd, before_collector, rotel)


async def test_nothing_of_a_strangers_trace_headers_goes_anywhere(tmp_path: Path, real_etcd: Member) -> None:
    """Not into a span that a collector of somebody else receives and prints, not into a header of a webhook, not to etcd, and
    not into an answer; each request is a trace of its own that begins with the server's span."""
    async with listening(tmp_path, real_etcd) as parts:
        for number, (name, headers) in enumerate(ATTACKS.items()):
            made = json.dumps(config_map(f"c{number}")).encode()
            status, answer = await parts.stranger.sends("POST", CONFIG_MAPS, headers, made)
            assert (status, found(answer)) == (201, []), name
            status, answer = await parts.stranger.sends("GET", f"{CONFIG_MAPS}/c{number}", headers, b"")
            assert (status, found(answer)) == (200, []), name
        for name, headers in MALFORMED.items():
            status, answer = await parts.stranger.sends("GET", CONFIG_MAPS, headers, b"")
            assert (status in (200, 400), found(answer)) == (True, []), name
        await parts.end()
        assert parts.found() == {}
    spans = PRINTED.findall(parts.rotel.stdout)
    calls = {(trace, span) for trace, _, span, _, kind in spans if kind == "CLIENT"}
    assert {(trace, parent) for trace, parent, *_, kind in spans if kind == "SERVER" and parent} <= calls
    served = "POST /api/v1/namespaces/{:namespace}/configmaps"
    ours = [trace for trace, parent, _, name, kind in spans if (name, kind, parent) == (served, "SERVER", "")]
    assert len(set(ours)) == len(ours) >= len(ATTACKS)
    asked = [context.trace_id for context in parts.hooks.contexts()]
    assert set(asked) <= set(ours)
    assert len(asked) >= 2 * len(ATTACKS)
    assert {name.lower() for headers in parts.hooks.application.headers for name, _ in headers} == TO_WEBHOOKS


async def test_link_is_all_that_an_operator_can_ask_for(tmp_path: Path, real_etcd: Member) -> None:
    """With `--inbound-trace-context=link` the forged ids are those of a link of the root span. They are found where they are sent,
    which shows that they would be anywhere, and neither a webhook nor etcd gets them."""
    async with listening(tmp_path, real_etcd, "--inbound-trace-context=link") as parts:
        made = json.dumps(config_map("c")).encode()
        status, _ = await parts.stranger.sends("POST", CONFIG_MAPS, [(b"traceparent", parent())], made)
        assert status == 201
        await parts.end()
        heard = parts.found()
    assert set(heard) == {"printed spans", "exported bytes"}
    assert {RAW_TRACE, RAW_SPAN} <= set(heard["exported bytes"])
    assert TRACE not in {trace for trace, *_ in PRINTED.findall(parts.rotel.stdout)}
    assert SPAN not in {parent for _, parent, *_ in PRINTED.findall(parts.rotel.stdout)}
