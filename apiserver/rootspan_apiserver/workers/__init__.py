"""Servers of several processes: what the processes share, and what each of them is."""
