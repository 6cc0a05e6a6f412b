"""Access reviews: who and what from outside keeps its access."""
