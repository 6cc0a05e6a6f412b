"""The forms of a text."""
