"""Templates: what an account writes in its messages, kept in versions and rendered for one contact (R83)."""
