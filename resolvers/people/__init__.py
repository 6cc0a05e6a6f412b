"""People: signing in, passwords, and the mailbox that verifies an address."""
