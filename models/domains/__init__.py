"""Domains that accounts send from, and domains that their links lead through."""
