"""The queues that flows are dealt."""

from collections import Counter

from rootspan_apiserver.flow_control.shuffle_sharding import deal, flow_hash


def test_all_hands_are_equally_likely() -> None:
    """Sixty hash values deal each of the sixty hands of three out of five queues once."""
    hands = Counter(deal(value, 5, 3) for value in range(60))
    assert (len(hands), set(hands.values())) == (60, {1})
    assert all(len(set(hand)) == 3 and set(hand) <= set(range(5)) for hand in hands)


def test_hand_of_a_flow_is_the_same_on_every_server() -> None:
    """The hand depends on the names of the schema and the flow alone; one that differs in either is another."""
    flows = [("global-default", "ann"), ("global-default", "bob"), ("service-accounts", "ann"), ("global-default", "")]
    hands = [deal(flow_hash(*flow), 128, 6) for flow in flows]
    assert len(set(hands)) == 4
    assert hands == [deal(flow_hash(*flow), 128, 6) for flow in flows]
