"""Access reviews: asking the owners who and what from outside shall keep its access (N12)."""
