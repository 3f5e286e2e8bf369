"""The allocator of Services: which values it gives, and its refusals in the real server's words."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.core.service.allocation import ServiceAllocator
from rootspan_apiserver.resources.core.service.pool import Pool, Span, static_part

FIRST, SECOND = ObjectKey("default", "first"), ObjectKey("default", "second")
IN_RANGE = "The range of valid ports is 30000-32767"


def service(*ports: JSONObject, **spec: Any) -> JSONObject:
    return {
        "metadata": {"name": "x"},
        "spec": {"type": "ClusterIP", "selector": {"a": "b"}, "ports": list(ports), **spec},
    }


def created(allocator: ServiceAllocator, obj: JSONObject, key: ObjectKey = FIRST) -> JSONObject:
    """A Service with what it is given, as stored."""
    release = allocator.begin_create(obj, dry_run=False)
    allocator.put(key, obj)
    release()
    spec: JSONObject = obj["spec"]
    return spec


def refusal(allocator: ServiceAllocator, obj: JSONObject, *, dry_run: bool = False) -> str:
    """The message of the error that a new Service is refused with."""
    with pytest.raises(StatusError) as refused:
        allocator.begin_create(obj, dry_run=dry_run)
    return refused.value.message.removeprefix('Service "x" is invalid: ')


def test_cluster_ips_are_free_addresses_of_the_range_until_it_is_full() -> None:
    """Neither the network's own address nor the one for broadcasts is given; when nothing is left, the answer is 500."""
    allocator = ServiceAllocator("10.9.0.0/28")
    found = [created(allocator, service(), ObjectKey("n", str(number)))["clusterIP"] for number in range(14)]
    assert sorted(found) == sorted(f"10.9.0.{number}" for number in range(1, 15))
    full = "Internal error occurred: failed to allocate a serviceIP: range is full"
    assert refusal(allocator, service()) == full
    allocator.remove(ObjectKey("n", "3"))
    assert created(allocator, service())["clusterIP"] == found[3]
    assert refusal(allocator, service()) == full


def test_cluster_ips_of_ipv6() -> None:
    """A range of IPv6 has no address for broadcasts."""
    allocator = ServiceAllocator("fd00::/126")
    found = {created(allocator, service(), ObjectKey("n", str(number)))["clusterIP"] for number in range(3)}
    assert found == {"fd00::1", "fd00::2", "fd00::3"}


def test_low_values_are_left_to_clients_that_choose() -> None:
    """As long as there are others: of a /24 the first 16 addresses, of the node ports the first 86."""
    allocator = ServiceAllocator("10.0.0.0/24")
    given = [created(allocator, service({"port": 1}, type="NodePort"), ObjectKey("n", str(n))) for n in range(30)]
    assert min(int(spec["clusterIP"].rpartition(".")[2]) for spec in given) >= 17
    assert min(spec["ports"][0]["nodePort"] for spec in given) >= 30086


@pytest.mark.parametrize(("size", "part"), [(16, 0), (17, 16), (512, 32), (100_000, 256)])
def test_static_part(size: int, part: int) -> None:
    """One in 16, at least 16, at most 256, and nothing of a range of 16."""
    assert static_part(size, step=16, most=256) == part


def test_pool_falls_back_to_its_static_part() -> None:
    """When nothing else is free."""
    pool = Pool(Span(1, 20, 16))
    assert {pool.reserve_any() for _ in range(4)} == {17, 18, 19, 20}
    assert {pool.reserve_any() for _ in range(16)} == set(range(1, 17))
    assert pool.reserve_any() is None


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"clusterIP": "10.0.0.9"},
            'spec.clusterIPs: Invalid value: ["10.0.0.9"]: failed to allocate IP 10.0.0.9: provided IP is already allocated',
        ),
        (
            {"clusterIP": "10.0.0.0"},
            (
                'spec.clusterIPs: Invalid value: ["10.0.0.0"]: failed to allocate IP 10.0.0.0: '
                "the provided network does not match the current range"
            ),
        ),
        (
            {"clusterIP": "10.0.0.255"},
            (
                'spec.clusterIPs: Invalid value: ["10.0.0.255"]: failed to allocate IP 10.0.0.255: '
                "the provided network does not match the current range"
            ),
        ),
        (
            {"clusterIP": "fd00::1"},
            'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
        ),
        (
            {"clusterIPs": ["10.0.0.7"]},
            'spec.clusterIPs: Invalid value: ["10.0.0.7"]: must be empty when `clusterIP` is not specified',
        ),
        (
            {"clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.8"]},
            'spec.clusterIPs: Invalid value: ["10.0.0.8"]: first value must match `clusterIP`',
        ),
        (
            {"clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7", "10.0.0.8"]},
            (
                'spec.clusterIPs: Invalid value: ["10.0.0.7","10.0.0.8"]: '
                "may specify no more than one IP for each IP family"
            ),
        ),
        (
            {"clusterIP": "None", "clusterIPs": ["None", "10.0.0.8"]},
            'spec.clusterIPs: Invalid value: ["None","10.0.0.8"]: \'None\' must be the first and only value',
        ),
        (
            {"clusterIP": "10.0.0.7", "ipFamilies": ["IPv6"]},
            'spec.clusterIPs[0]: Invalid value: "10.0.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`',
        ),
        (
            {"ipFamilies": ["IPv6"]},
            'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
        ),
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            (
                'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": '
                "this cluster is not configured for dual-stack services"
            ),
        ),
        (
            {"ipFamilies": ["IPv4", "IPv6"]},
            (
                'spec.ipFamilyPolicy: Invalid value: "SingleStack": '
                "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
            ),
        ),
        (
            {"type": "NodePort", "ports": [{"port": 1, "nodePort": 30009}]},
            "spec.ports[0].nodePort: Invalid value: 30009: provided port is already allocated",
        ),
        (
            {"type": "NodePort", "ports": [{"port": 1}, {"port": 2, "nodePort": 80}]},
            f"spec.ports[1].nodePort: Invalid value: 80: provided port is not in the valid range. {IN_RANGE}",
        ),
        (
            {"type": "NodePort", "ports": [{"port": 1, "nodePort": 30001}, {"port": 2, "nodePort": 30001}]},
            "spec.ports[1].nodePort: Invalid value: 30001: provided port is already allocated",
        ),
        (
            {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30009},
            (
                "Internal error occurred: failed to allocate requested HealthCheck NodePort 30009: "
                "provided port is already allocated"
            ),
        ),
    ],
)
def test_refusals_of_new_services(spec: JSONObject, why: str) -> None:
    """In the words of the real server, and nothing stays reserved."""
    allocator = ServiceAllocator()
    created(allocator, service({"port": 1, "nodePort": 30009}, type="NodePort", clusterIP="10.0.0.9"), SECOND)
    assert refusal(allocator, service(**spec)) == why
    created(allocator, service({"port": 1, "nodePort": 30001}, type="NodePort", clusterIP="10.0.0.7"))


def test_dry_run_does_not_look_for_allocated_addresses() -> None:
    """An allocated address passes a dry run, as in the real server; an allocated port, and an address out of the range, do not."""
    allocator = ServiceAllocator()
    created(allocator, service({"port": 1, "nodePort": 30009}, type="NodePort", clusterIP="10.0.0.9"), SECOND)
    obj = service(clusterIP="10.0.0.9")
    allocator.begin_create(obj, dry_run=True)()
    assert obj["spec"]["clusterIP"] == "10.0.0.9"
    why = "failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range."
    message = refusal(allocator, service(clusterIP="192.0.2.1"), dry_run=True)
    assert message == f'spec.clusterIPs: Invalid value: ["192.0.2.1"]: {why} The range of valid IPs is 10.0.0.0/24'
    message = refusal(allocator, service({"port": 1, "nodePort": 30009}, type="NodePort"), dry_run=True)
    assert message == "spec.ports[0].nodePort: Invalid value: 30009: provided port is already allocated"


@pytest.mark.parametrize(
    ("spec", "families", "policy"),
    [
        ({}, ["IPv4"], "SingleStack"),
        ({"ipFamilyPolicy": "PreferDualStack"}, ["IPv4"], "PreferDualStack"),
        ({"clusterIP": "None"}, ["IPv4"], "SingleStack"),
        ({"clusterIP": "None", "selector": None}, ["IPv4", "IPv6"], "RequireDualStack"),
        ({"clusterIP": "None", "selector": None, "ipFamilies": ["IPv6"]}, ["IPv6", "IPv4"], "RequireDualStack"),
        ({"clusterIP": "None", "selector": None, "ipFamilyPolicy": "SingleStack"}, ["IPv4"], "SingleStack"),
    ],
)
def test_families_of_new_services(spec: JSONObject, families: list[str], policy: str) -> None:
    """A headless service without selector is for both families, any other for that of the cluster."""
    found = created(ServiceAllocator(), service(**spec))
    assert (found["ipFamilies"], found["ipFamilyPolicy"]) == (families, policy)


def test_ports_of_one_number_share_a_node_port() -> None:
    """53 over TCP and over UDP is reached at the same port of the nodes."""
    ports = [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}, {"port": 80, "protocol": "TCP"}]
    spec = created(ServiceAllocator(), service(*ports, type="NodePort"))
    first, second, third = (port["nodePort"] for port in spec["ports"])
    assert first == second != third


def test_update_takes_only_what_is_new() -> None:
    """The values that the service has already are no conflict; those it adds are reserved, and released with the write."""
    allocator = ServiceAllocator()
    old = {"metadata": {"name": "x"}, "spec": created(allocator, service({"port": 1, "name": "a"}, type="NodePort"))}
    ports = [{"port": 1, "name": "a"}, {"port": 2, "name": "b", "nodePort": 30001}]
    new = service(*ports, type="NodePort")
    release = allocator.begin_update(new, old, dry_run=False)
    assert new["spec"]["clusterIP"] == old["spec"]["clusterIP"]
    assert [port["nodePort"] for port in new["spec"]["ports"]] == [old["spec"]["ports"][0]["nodePort"], 30001]
    other = service({"port": 1, "nodePort": 30001}, type="NodePort")
    assert refusal(allocator, other).endswith("provided port is already allocated")
    release()
    created(allocator, service({"port": 1, "nodePort": 30001}, type="NodePort"), SECOND)


def test_duplicate_node_port_of_an_update_is_an_error() -> None:
    """The same node port twice for one protocol: 500 in the real server, too."""
    allocator = ServiceAllocator()
    old = {"metadata": {"name": "x"}, "spec": created(allocator, service({"port": 1, "name": "a"}, type="NodePort"))}
    twice = [{"port": number, "protocol": "TCP", "nodePort": 30001} for number in (1, 2)]
    with pytest.raises(StatusError) as refused:
        allocator.begin_update(service(*twice, type="NodePort"), old, dry_run=False)
    assert (refused.value.code, refused.value.message) == (500, "duplicate nodePort: {TCP 30001}")
