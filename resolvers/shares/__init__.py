"""Shares: accounts of a tree are opened to a person outside it."""
