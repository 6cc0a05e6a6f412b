"""Who has which access in an account, what depends on it, and what is about to end."""
