"""Failures: the client's errors, and the log's lines about them."""
