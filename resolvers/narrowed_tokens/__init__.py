"""Narrowed tokens: a part of what a session or an API key may do, for an hour at most."""
