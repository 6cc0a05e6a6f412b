"""Payment methods, and top-ups of credit."""
