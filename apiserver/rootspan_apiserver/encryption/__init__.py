"""Encryption at rest: the configuration, its providers, and the values that they encrypt."""
