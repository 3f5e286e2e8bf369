"""Authentication: which user makes a request. One file for each authenticator; `union.py` combines them."""
