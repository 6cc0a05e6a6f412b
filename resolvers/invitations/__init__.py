"""Invitations: a role in an account is offered to an e-mail address."""
