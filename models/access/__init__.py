"""Who has which access in an account, and what is about to end."""
