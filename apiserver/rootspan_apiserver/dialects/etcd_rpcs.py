"""The names that etcd's RPCs have in the spans of all versions: gRPC's full method names, by the path of the JSON gateway."""

from types import MappingProxyType

from rootspan_apiserver.etcd.wire import COMPACT, LEASE_GRANT, LEASE_REVOKE, RANGE, STATUS, TXN, WATCH

OTELGRPC = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
RPCS = MappingProxyType(
    {
        RANGE: "etcdserverpb.KV/Range",
        TXN: "etcdserverpb.KV/Txn",
        COMPACT: "etcdserverpb.KV/Compact",
        WATCH: "etcdserverpb.Watch/Watch",
        LEASE_GRANT: "etcdserverpb.Lease/LeaseGrant",
        LEASE_REVOKE: "etcdserverpb.Lease/LeaseRevoke",
        STATUS: "etcdserverpb.Maintenance/Status",
    }
)
