"""How messages leave: a small interface, and what stands behind it."""
