"""Storing contacts: what is given is matched with what the account has, and written."""
