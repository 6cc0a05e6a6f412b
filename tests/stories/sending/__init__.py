"""Businesses that send for months: what the mail server received, what the messages say, what the cycle
counts, what statistics add up and what is invoiced are one number."""
