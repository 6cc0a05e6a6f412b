"""Sending: reservations of sends, active contacts, and lists of recipients."""
