"""What a write would do to access, without doing it."""
