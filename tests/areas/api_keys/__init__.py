"""API keys: programs that act for one account."""
