"""The compiled executor: one read becomes one statement."""
