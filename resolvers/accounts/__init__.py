"""Accounts: their tree, settings, creation and closing."""
