"""The log as the database keeps it."""
