"""People: signing in, passwords, and the mailbox that proves an address."""
