"""The log of the process, and its metrics."""
