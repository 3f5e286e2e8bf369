"""API Priority and Fairness: which requests are executed now, which wait, and which are refused.

A request belongs to the first FlowSchema that matches it, and so to a priority level, which has a number of seats. Where no seat is free it
waits in one of the level's queues, by its flow, and the queues are served fairly. Levels lend seats to each other.
"""
