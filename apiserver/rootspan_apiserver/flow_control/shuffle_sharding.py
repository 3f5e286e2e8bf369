"""Shuffle sharding: which few of many queues a flow may use.

Flows that are dealt different hands share at most some of their queues, so a flow that fills its own does not shut out the others.

Upstream: staging/src/k8s.io/apiserver/pkg/util/shufflesharding/shufflesharding.go,
staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (hashFlowID)
"""

from hashlib import sha256


def flow_hash(schema: str, flow: str) -> int:
    """Return 64 bits that identify a flow of a schema."""
    return int.from_bytes(sha256(f"{schema}\0{flow}".encode("utf-8", "surrogateescape")).digest()[:8], "little")


def deal(hash_value: int, deck_size: int, hand_size: int) -> tuple[int, ...]:
    """Return `hand_size` different numbers below `deck_size`, all hands being equally likely."""
    hand: list[int] = []
    remainders: list[int] = []
    for dealt in range(hand_size):
        hash_value, remainder = divmod(hash_value, deck_size - dealt)
        card = remainder
        for before in reversed(remainders):
            card += card >= before
        remainders.append(remainder)
        hand.append(card)
    return tuple(hand)
