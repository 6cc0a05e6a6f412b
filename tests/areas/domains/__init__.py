"""Domains: what is added, what DNS says, who has one verified."""
