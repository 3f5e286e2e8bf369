"""Authorization: which requests a user may make. One file for each mode of --authorization-mode; `modes.py` lists them."""
