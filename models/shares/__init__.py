"""Shares: some accounts of a tree, opened to a person outside the tree."""
