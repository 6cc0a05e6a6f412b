"""Accounts as a whole: their tree, their settings, their creation and their closing."""
