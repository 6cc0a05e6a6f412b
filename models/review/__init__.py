"""Reviews: the check of a sample of an account's contacts, which sending may wait for."""
