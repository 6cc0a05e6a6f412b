"""What a write leaves beside its own rows: the log, e-mail, jobs, and answers for retries."""
