"""Servers whose surroundings break at random, from a seed, and what must hold all the same."""
