"""Invoices, from what is used to the file."""
