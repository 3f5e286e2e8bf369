"""Servers side by side, by URL and token: `python benchmarks/apiserver/compare.py NAME=URL,TOKEN[,port:P][,pid:N]… …`.

Each operation is sent to each server in turn, on 1, 16 and 64 connections. Measured are requests per second, latency, and the CPU time per
request of all processes of a server: those that listen on the port of its URL, on the ports `port:P` (its etcd's, for example), those with
a `pid:N`, and all their descendants. The lag is how long after the answer to a write its event reaches a watcher. Ratios to the last
server are printed at the end; `--json FILE` keeps the figures, `--chart FILE` draws them (`--from FILE` without measuring again).

The load comes from this process and shares the machine with the servers. So the CPU time per request is the figure that another machine
will see, too; throughput and latency count only beside those of the other servers in the same run.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import chart
import lag
import load
from client import Target
from processes import listening_on, resident_megabytes, with_descendants

from rootspan_apiserver.processes.event_loop import new_event_loop
from rootspan_apiserver.serving.kubeconfig import Access

CONNECTIONS = (1, 16, 64)


def target(text: str) -> Target:
    """Read `NAME=URL,TOKEN[,port:P][,pid:N]…`."""
    name, _, rest = text.partition("=")
    url, token, *others = rest.split(",")
    ports = [int(other.removeprefix("port:")) for other in others if other.startswith("port:")]
    pids = [int(other.removeprefix("pid:")) for other in others if other.startswith("pid:")]
    return Target(name, url, token, (int(url.rpartition(":")[2]), *ports), tuple(pids))


async def measure(targets: list[Target], arguments: argparse.Namespace) -> dict[str, Any]:
    run = f"r{time.time_ns() // 1_000_000}"
    servers: dict[str, Any] = {}
    pids = {}
    for each in targets:
        pids[each.name] = with_descendants(listening_on(each.ports) | set(each.pids))
        await load.prepare(each, run, max(arguments.connections))
        servers[each.name] = {"processes": len(pids[each.name]), "loads": {}}
    for operation in arguments.operations:
        for connections in arguments.connections:
            rounds: dict[str, list[load.Cost]] = {each.name: [] for each in targets}
            for turn in range(arguments.rounds):
                for each in targets if turn % 2 == 0 else reversed(targets):
                    cost = await load.load(each, pids[each.name], run, operation, connections, arguments.seconds)
                    rounds[each.name].append(cost)
            for name, costs in rounds.items():
                found = {
                    key: statistics.median(load.document(cost)[key] for cost in costs)
                    for key in load.document(costs[0])
                }
                servers[name]["loads"][f"{operation}, {connections}"] = found
                print(
                    f"{operation:12}{connections:>3}  {name:24}{found['throughput']:>9.0f}/s{found['median']:>9.2f} ms"
                    f"{found['p99']:>9.2f} ms p99{found['cpu']:>9.3f} ms CPU",
                    flush=True,
                )
    for each in targets:
        servers[each.name]["memory (MB)"] = round(resident_megabytes(pids[each.name]), 1)
        await load.clean(each)
    return {"machine": machine(), "seconds": arguments.seconds, "rounds": arguments.rounds, "servers": servers}


def machine() -> dict[str, Any]:
    """Return what has to be said of the machine."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load average at the end": round(os.getloadavg()[0], 2),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def print_ratios(found: dict[str, Any]) -> None:
    """Print each server's figures by those of the last server."""
    *others, reference = found["servers"]
    of_reference = found["servers"][reference]
    for name in others:
        print(f"\n{name} by {reference}: throughput, CPU per request")
        for key, cost in found["servers"][name]["loads"].items():
            base = of_reference["loads"][key]
            print(f"  {key:20}{cost['throughput'] / base['throughput']:>8.2f}{cost['cpu'] / base['cpu']:>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", type=target, metavar="NAME=URL,TOKEN[,port:P][,pid:N]")
    parser.add_argument("--operations", nargs="+", choices=load.OPERATIONS, default=load.OPERATIONS)
    parser.add_argument("--connections", nargs="+", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="of each load; the medians count")
    parser.add_argument("--no-lag", action="store_true", help="leave the lag of watches out")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--chart", type=Path, help="write a chart (SVG) to this file")
    parser.add_argument("--from", type=Path, dest="source", help="measure nothing, take the figures of this file")
    arguments = parser.parse_args()
    if arguments.source:
        found = json.loads(arguments.source.read_text())
    else:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            found = runner.run(measure(arguments.targets, arguments))
        for each in () if arguments.no_lag else arguments.targets:
            milliseconds = lag.lag(Access(each.url, b"", each.token), writers=16, writes=100)
            found["servers"][each.name]["watch lag (ms)"] = round(milliseconds, 3)
            print(f"watch lag        {each.name:24}{milliseconds:>9.2f} ms")
    if len(found["servers"]) > 1:
        print_ratios(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    if arguments.chart:
        arguments.chart.write_text(chart.chart(found))


if __name__ == "__main__":
    main()
