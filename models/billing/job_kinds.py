"""What has to be billed. A job's subject is an account.

Billing comes last: many cycles end at the same moment, and must not delay top-ups.
"""

from models.effects.jobs import JobKind

CYCLE_CHARGE = JobKind("cycle_charge", due="mandant_cycles_to_charge", priority=-1)
"""It has a subscription whose cycle has ended."""

INVOICE_ISSUE = JobKind("invoice_issue", due="mandant_invoices_to_issue", priority=-1)
"""It is billed, and an invoice is due."""

JOB_KINDS = (CYCLE_CHARGE, INVOICE_ISSUE)
