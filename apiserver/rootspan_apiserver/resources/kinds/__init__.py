"""The kinds that have more to say than the facts do, each a strategy of its own."""

from rootspan_apiserver.resources.kinds import cluster, services
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy

STRATEGIES: dict[tuple[str, str], type[BuiltinStrategy]] = {
    ("", "PersistentVolume"): cluster.PersistentVolumeStrategy,
    ("", "PersistentVolumeClaim"): cluster.PersistentVolumeClaimStrategy,
    ("", "Service"): services.ServiceStrategy,
}


def strategy_of(group: str, kind: str) -> type[BuiltinStrategy]:
    """The strategy's class for a built-in kind."""
    return STRATEGIES.get((group, kind), BuiltinStrategy)
