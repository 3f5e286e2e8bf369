"""Dynamic admission control: HTTPS calls to webhooks that change or reject objects."""
