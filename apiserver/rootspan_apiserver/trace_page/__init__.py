"""A web page that shows traces: served live beside a collector, or written as one file that needs no server."""
