"""What a caller reaches: rows of (account, mask), defined once."""
