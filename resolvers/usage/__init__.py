"""Usage: what a cycle has used, and how long the rest will last."""
