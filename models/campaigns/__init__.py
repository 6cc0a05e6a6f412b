"""Campaigns: one template to everybody in an audience."""
