"""Dynamic admission: HTTPS calls to services that change or refuse objects."""
