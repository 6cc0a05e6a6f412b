"""What a cycle has used, and how long the rest will do."""
