"""API keys: programs that act in one account."""
