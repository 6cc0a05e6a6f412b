"""The second wall: PostgreSQL's row level security, and the stored functions that open it (doors)."""
