"""The composition root: supervisor, HTTP API, identity."""
