"""Whom an account writes to. What reads here names tables of the data plane alone."""
