"""The process of a command: its event loop, its signals, private files, and the packages it requires."""
