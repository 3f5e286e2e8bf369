"""The command line: `rootspan demo`, `rootspan apiserver`, `rootspan collector`, `rootspan sample-webhooks`, `rootspan conformance`,
`rootspan etcd-snapshot`, `rootspan etcd-repair`.

The modules of a command are imported when it runs, so that --help and errors in flags are fast. A signal before that ends the process, a
later one shuts the command down in order.
"""

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rootspan_apiserver.cli.command_options import (
    CollectorOptions,
    ConformanceOptions,
    DemoOptions,
    EtcdRepairOptions,
    EtcdSnapshotOptions,
    SampleWebhooksOptions,
)
from rootspan_apiserver.options.flags import (
    FlagError,
    HelpRequested,
    VersionRequested,
    describe_flags,
    parse_flags,
)
from rootspan_apiserver.options.options import Options, OptionsError
from rootspan_apiserver.processes.interruption import until_interrupted

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

SNAPSHOT_ACTIONS = ("save", "restore", "status")
USAGE_STATUS = 1
"""The exit status of kube-apiserver for a wrong flag."""


def demo(arguments: Sequence[str]) -> int:
    """Start everything, send requests as a client, print the traces that the collector received."""
    options = _parse(DemoOptions, arguments)
    for setting in [name for name in os.environ if name.startswith("OTEL_")]:
        del os.environ[setting]  # the demo checks claims, which must not depend on the settings of a shell
    from rootspan_apiserver.cli.demo import run_demo, run_demo_against

    if options.kubeconfig:
        return until_interrupted(lambda: run_demo_against(Path(options.kubeconfig), options.server))
    return until_interrupted(lambda: run_demo(options))


def apiserver(arguments: Sequence[str]) -> int:
    """Serve the Kubernetes API. Takes kube-apiserver's own flags."""
    options = Options.parse(arguments)
    from rootspan_apiserver.cli.apiserver import run_apiserver

    return until_interrupted(lambda: run_apiserver(options))


def collector(arguments: Sequence[str]) -> int:
    """Receive spans over OTLP/gRPC and print each trace as a tree."""
    options = _parse(CollectorOptions, arguments)
    from rootspan_apiserver.cli.collector import run_collector

    return until_interrupted(lambda: run_collector(options))


def sample_webhooks(arguments: Sequence[str]) -> int:
    """Serve two sample admission webhooks, and register them with an API server."""
    options = _parse(SampleWebhooksOptions, arguments)
    from rootspan_apiserver.cli.sample_webhooks import run_sample_webhooks

    return until_interrupted(lambda: run_sample_webhooks(options))


def conformance(arguments: Sequence[str]) -> int:
    """Record a server's traces, operation by operation, and print the differences from a recording."""
    options = _parse(ConformanceOptions, arguments)
    from rootspan_apiserver.cli.conformance import run_conformance

    return until_interrupted(lambda: run_conformance(options))


def etcd_snapshot(arguments: Sequence[str]) -> int:
    """Save the embedded etcd to a file (save FILE), restore it (restore FILE), or describe a file (status FILE)."""
    if arguments and arguments[0].startswith("-"):
        _parse(EtcdSnapshotOptions, arguments)  # --help, --version
    if len(arguments) < 2 or arguments[0] not in SNAPSHOT_ACTIONS or arguments[1].startswith("-"):
        raise FlagError(
            f"{' or '.join(SNAPSHOT_ACTIONS)} is needed, and a file: rootspan etcd-snapshot ACTION FILE [flags]"
        )
    action, file, *rest = arguments
    options = _parse(EtcdSnapshotOptions, rest)
    if action != "status" and not options.data_dir:
        raise FlagError("--data-dir is needed")
    from rootspan_apiserver.cli.etcd import run_etcd_snapshot

    return until_interrupted(lambda: run_etcd_snapshot(action, Path(file), options.data_dir))


def etcd_repair(arguments: Sequence[str]) -> int:
    """Keep what is sound in a damaged data directory of the embedded etcd, and say what is lost."""
    options = _parse(EtcdRepairOptions, arguments)
    if not options.data_dir:
        raise FlagError("--data-dir is needed")
    from rootspan_apiserver.cli.etcd import run_etcd_repair

    return until_interrupted(lambda: run_etcd_repair(options.data_dir))


COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], "type[DataclassInstance]"]] = {
    "demo": (demo, DemoOptions),
    "apiserver": (apiserver, Options),
    "collector": (collector, CollectorOptions),
    "sample-webhooks": (sample_webhooks, SampleWebhooksOptions),
    "conformance": (conformance, ConformanceOptions),
    "etcd-snapshot": (etcd_snapshot, EtcdSnapshotOptions),
    "etcd-repair": (etcd_repair, EtcdRepairOptions),
}


def run(arguments: Sequence[str]) -> int:
    """Run the command named by the first argument. Return the exit status.

    Characters that the terminal cannot encode are printed as `?`. If the reader of the output closes the pipe, as `head` does, the command
    ends with status 1.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _run(arguments: Sequence[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if name in ("--help", "-h", "help"):
        print(_usage())
        return 0
    if name in ("--version", "version"):
        print(_version())
        return 0
    if name not in COMMANDS:
        print(f"Error: unknown command {name!r}\n\n{_usage()}" if name else _usage(), file=sys.stderr)
        return USAGE_STATUS
    command, options = COMMANDS[name]
    try:
        return command(rest)
    except HelpRequested:
        print(f"{command.__doc__}\n\nUsage: rootspan {name} [flags]\n\n{describe_flags(options)}")
        return 0
    except VersionRequested:
        print(_version(name))
        return 0
    except (FlagError, OptionsError) as error:
        for fault in error.faults:
            print(f"Error: {fault}", file=sys.stderr)
        return USAGE_STATUS


def _version(command: str = "") -> str:
    """Return the output of `--version`; for `apiserver` it begins as that of kube-apiserver, which scripts parse."""
    from importlib.metadata import version

    own = f"rootspan {version('rootspan')}"
    if command != "apiserver":
        return own
    from rootspan_apiserver.handlers.documents.version import VERSION

    return f"Kubernetes {VERSION['gitVersion']} ({own})"


def _parse(options: "type[T]", arguments: Sequence[str]) -> "T":
    return options(**parse_flags(options, arguments))


def _usage() -> str:
    listed = "\n".join(f"  {name:<16}{command.__doc__}" for name, (command, _) in COMMANDS.items())
    more = "rootspan COMMAND --help lists the flags of a command, rootspan --version says which version this is."
    return f"Usage: rootspan COMMAND [flags]\n\n{listed}\n\n{more}"
