"""Transactions that write."""
