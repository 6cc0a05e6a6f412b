"""Plans, and what the one in force allows in the current cycle."""
