"""Durable execution on the C core, with the surface of the official SDK."""
