"""Lease: its rules, its table."""

from copy import deepcopy

import pytest

from rootspan_apiserver.resources.coordination.lease import definition
from rootspan_apiserver.resources.hooks import WriteContext
from tests.apiserver.resources.kind_checks import Changes, KindCheck

LEASE = KindCheck(definition, {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}})
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": None}, []),
    ({"spec.leaseDurationSeconds": 0}, ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"]),
    ({"spec.leaseTransitions": 0}, []),
    (
        {"spec.leaseTransitions": -1},
        ["spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"],
    ),
    ({"metadata.finalizers": ["mine"]}, []),
]


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_write_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words; an update has the same rules."""
    assert LEASE.refusals(changes) == errors
    assert LEASE.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    assert LEASE.unchecked(changes for changes, _ in ROWS) == []


def test_name_of_lease_is_subdomain() -> None:
    """The name is checked on create."""
    (refusal,) = LEASE.refusals({"metadata.name": "A"})
    assert refusal.startswith('metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist')


def test_lease_is_created_by_update_with_version_only() -> None:
    """PUT creates a lease that is not there, and needs the resource version of one that is."""
    assert definition.allow_create_on_update
    assert definition.update_needs_resource_version


def test_table_shows_holder() -> None:
    """A lease without a holder has an empty cell."""
    assert LEASE.row() == {"Name": "x", "Holder": "me", "Age": "5m"}
    assert LEASE.bookmark_row() == ["", "", "<unknown>"]


def test_fields_of_coordinated_election_are_dropped() -> None:
    """The feature is off by default; a lease that has them already keeps them."""
    election = {"spec.strategy": "OldestEmulationVersion", "spec.preferredHolder": "you"}
    assert LEASE.stored(election)["spec"] == {"holderIdentity": "me", "leaseDurationSeconds": 15}
    assert LEASE.updated(election)[0]["spec"].keys() == {"holderIdentity", "leaseDurationSeconds"}
    lease = {"spec": {"strategy": "OldestEmulationVersion", "preferredHolder": "you"}}
    assert definition.prepare_update is not None
    definition.prepare_update(lease, deepcopy(lease), WriteContext())
    assert lease["spec"] == {"strategy": "OldestEmulationVersion", "preferredHolder": "you"}
