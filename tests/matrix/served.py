"""A traced application for each ASGI server: the spans of its requests go to the collector that COLLECTOR names."""

import os
from typing import Any

from rootspan import TracingMiddleware, create_tracer_provider

provider = create_tracer_provider(
    service_name="shop", endpoint=os.environ["COLLECTOR"], sampling_rate_per_million=1_000_000
)


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            event = (await receive())["type"]
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return
    headers = dict(scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"55")]})
    await send({"type": "http.response.body", "body": headers[b"traceparent"]})


app = TracingMiddleware(hello, tracer_provider=provider)
