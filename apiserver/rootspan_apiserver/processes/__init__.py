"""How a command runs as a process: its event loop, signals, and private files."""
