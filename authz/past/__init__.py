"""Who could do what at a moment of the past: reach's own definition, over the tables as they were (N2)."""
