"""The embedded PostgreSQL with real servers and real processes."""
