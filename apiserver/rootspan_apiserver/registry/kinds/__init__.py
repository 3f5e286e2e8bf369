"""The kinds that have more to say than the facts do, each a strategy of its own."""

from rootspan_apiserver.registry.strategy import BuiltinStrategy

STRATEGIES: dict[tuple[str, str], type[BuiltinStrategy]] = {}


def strategy_of(group: str, kind: str) -> type[BuiltinStrategy]:
    """The strategy's class for a built-in kind."""
    return STRATEGIES.get((group, kind), BuiltinStrategy)
