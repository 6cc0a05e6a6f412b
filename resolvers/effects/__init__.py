"""Side effects of writes: the log, e-mail, jobs, idempotency keys, rate limits, retention."""
