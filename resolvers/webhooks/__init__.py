"""Webhooks: made, changed and paused, and the events of the log delivered to them."""
