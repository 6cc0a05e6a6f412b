"""Subscriptions: who is told what as it changes, over websockets and server-sent events."""
