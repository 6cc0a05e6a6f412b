"""Access reviews: who and what from outside shall keep its access to an account."""
