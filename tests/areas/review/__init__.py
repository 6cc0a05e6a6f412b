"""Reviews: a sample of an account's contacts that platform staff check before the account may send."""
