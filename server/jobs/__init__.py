"""The job queue, and what its jobs do."""
