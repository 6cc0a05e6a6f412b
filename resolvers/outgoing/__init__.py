"""Requests to addresses that customers have typed."""
