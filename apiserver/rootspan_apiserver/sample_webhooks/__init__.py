"""Two sample admission webhooks: a separate service with its own spans, which talks to the API server over HTTPS only."""
