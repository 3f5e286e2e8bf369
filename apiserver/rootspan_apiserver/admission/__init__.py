"""Admission: what may change or refuse an object between the handler and the store."""
