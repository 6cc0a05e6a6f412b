"""Top-ups that begin by themselves."""
