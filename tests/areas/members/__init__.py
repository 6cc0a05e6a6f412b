"""Members: people with a role inside one account, and who owns it."""
