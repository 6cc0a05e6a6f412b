"""Accounts as a whole: their tree, their settings, their beginning and their end."""
