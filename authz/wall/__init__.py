"""The second wall: PostgreSQL's row level security, and the doors through it."""
