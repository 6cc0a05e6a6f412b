"""Faults of real processes and networks under load: what was acknowledged is there, and all is back soon."""
