"""Settings of accounts, which the accounts below inherit."""
