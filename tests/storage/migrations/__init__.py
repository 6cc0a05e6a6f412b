"""What migrations make of stored rows."""
