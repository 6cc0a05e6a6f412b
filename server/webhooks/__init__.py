"""Delivers the events of the log to webhooks."""
