"""Billing: who is invoiced, what is charged, and the invoices."""
