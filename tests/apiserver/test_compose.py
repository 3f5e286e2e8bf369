"""docker-compose.yml says nothing that the commands it runs would not take."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rootspan_apiserver.cli.main import COMMANDS
from rootspan_apiserver.options.flags import parse_flags
from rootspan_apiserver.telemetry.tracing_configuration import TracingConfiguration

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "localhost/rootspan"]


def test_story_has_all_its_parts() -> None:
    """Server, webhooks and client are ours; etcd, collector and Jaeger are the real ones."""
    assert sorted(OURS) == ["apiserver", "client", "webhooks"]
    assert sorted(set(SERVICES) - set(OURS)) == ["collector", "etcd", "jaeger"]


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_services_has_a_command_line_that_is_taken(name: str) -> None:
    """The first word is a command, the others are flags of its, and files they name are mounted from the repository."""
    command, *flags = SERVICES[name]["command"]
    given = parse_flags(COMMANDS[command][1], flags)
    assert given
    for path in (value for value in given.values() if str(value).startswith("/etc/rootspan/")):
        assert (ROOT / "deploy" / Path(str(path)).name).is_file()


def test_addresses_meet() -> None:
    """The API server looks for etcd and the webhooks, and exports to the collector, where these are."""
    flags = parse_flags(COMMANDS["apiserver"][1], SERVICES["apiserver"]["command"][1:])
    assert flags["etcd_servers"] == ("http://etcd:2379",)
    assert "--listen-client-urls=http://0.0.0.0:2379" in SERVICES["etcd"]["command"]
    (webhooks,) = flags["service_address"]
    assert (webhooks.namespace, webhooks.name, webhooks.host, webhooks.port) == (
        "default",
        "webhooks",
        "webhooks",
        8443,
    )
    configuration = TracingConfiguration.read(ROOT / "deploy" / "tracing-configuration.yaml")
    collector = yaml.safe_load((ROOT / "deploy" / "collector.yaml").read_text())
    assert configuration.endpoint == "collector:4317"
    assert collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] == "0.0.0.0:4317"
    assert "--distributed-tracing-address=collector:4317" in SERVICES["etcd"]["command"]
    assert set(collector["service"]["pipelines"]["traces"]["exporters"]) == set(collector["exporters"])
