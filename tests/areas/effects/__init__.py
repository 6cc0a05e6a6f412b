"""What a write leaves behind beside its rows: the log, e-mail, jobs, answers that may be repeated."""
