"""`rootspan demo`: an untrusted client forges trace context; the spans that a collector receives show that none of it is used."""
