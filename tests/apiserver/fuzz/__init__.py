"""Requests made at random from a seed, and what the server may answer."""
