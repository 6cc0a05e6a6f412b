"""Sends: reservations, contacts that become active, lists of recipients."""
