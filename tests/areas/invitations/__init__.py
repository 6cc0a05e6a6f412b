"""Invitations: a role in an account, offered to an e-mail address."""
