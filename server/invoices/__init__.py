"""Invoices as files."""
