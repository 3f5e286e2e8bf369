"""Serves one of the subjects on a socket that is already listening: `serve.py SUBJECT FILE-DESCRIPTOR [OTLP-ENDPOINT]`."""

import sys

import subjects
import uvicorn


def subject(name: str, otlp: str) -> subjects.App:
    bare = subjects.bare
    match name:
        case "bare":
            return bare
        case "rootspan":
            return subjects.rootspan(bare, subjects.provider())
        case "contrib":
            return subjects.contrib(bare, subjects.provider())
        case "contrib parent-based":
            return subjects.contrib(bare, subjects.provider(subjects.ParentBased(subjects.TraceIdRatioBased(1e-4))))
        case "rootspan sampled":
            return subjects.rootspan(bare, subjects.provider(subjects.ALWAYS_ON, otlp=otlp))
        case "contrib sampled":
            return subjects.contrib(bare, subjects.provider(subjects.ALWAYS_ON, otlp=otlp))
    raise SystemExit(f"no such subject: {name}")


if __name__ == "__main__":
    app = subject(sys.argv[1], sys.argv[3])
    config = uvicorn.Config(
        app, fd=int(sys.argv[2]), http="httptools", loop="uvloop", log_level="error", access_log=False
    )
    uvicorn.Server(config).run()
