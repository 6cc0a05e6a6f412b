"""Whom an account does not write to for the time being: who unsubscribed, and whose mail bounced."""
