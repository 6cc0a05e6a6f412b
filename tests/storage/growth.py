"""Why no table grows for ever by itself: a row for every table, and a new table without one fails."""

import enum
from dataclasses import dataclass


class Growth(enum.Enum):
    """What bounds a table."""

    DELETED = "by age: its area has a row in a module `retentions`"
    SWEPT = "workers delete its rows for another reason than their age"
    ONE_EACH = "so many rows for each row of another table"
    FIXED = "by the version or the operator, not by what clients do"
    KEPT = "by nothing, on purpose: people or books go by what it tells"


@dataclass(frozen=True)
class Bound:
    """`why`: of a kept table what is read of it, else by what it is bounded."""

    growth: Growth
    why: str


def _kept(why: str) -> Bound:
    return Bound(Growth.KEPT, why)


def _one_each(why: str) -> Bound:
    return Bound(Growth.ONE_EACH, why)


def _deleted(why: str) -> Bound:
    return Bound(Growth.DELETED, why)


BOUNDS = {
    "account_closure": _one_each("as many for an account as there are accounts above it"),
    "account_status_changes": _kept("whether a billing cycle is paid for"),
    "accounts": _kept("customers; what belongs to an account outlives its closing"),
    "active_contacts": Bound(Growth.SWEPT, "the job cycle_close, a minute after the cycle"),
    "api_keys": _kept("what a key was, for whoever reads the log; limited while they are made"),
    "attempts": _deleted("a window of tries"),
    "billing_details": _one_each("at most one for an account"),
    "billing_mode_choices": _kept("whose invoice a past cycle was on"),
    "break_glass_openings": _kept("who opened what, and why; limited while they are made"),
    "budgets": _one_each("at most two for an account: sends and credit"),
    "charged_cycles": _one_each("at most one for an account: until when it is charged"),
    "charges": _kept("what is on invoices"),
    "clock": Bound(Growth.FIXED, "one row"),
    "contact_claims": Bound(Growth.SWEPT, "the end of the reservation, and the job cycle_close"),
    "credit_counts": _one_each("an account's cycle and who pays in it"),
    "devices": _deleted("a device that was not used; at most 20 for a person before"),
    "events": _kept("the log of what was changed"),
    "expiry_notices": _deleted("what was told of an end"),
    "idempotency_records": _deleted("a key that a client may repeat"),
    "invitations": _kept("who was invited, shown in the account; limited while they are made"),
    "invoice_numbers": Bound(Growth.FIXED, "one row: the last number"),
    "invoices": _kept("invoices"),
    "ledger_balances": _one_each("a few for an account: a balance of each kind"),
    "ledger_entries": _kept("the books, whose hashes lead from the first entry to the last"),
    "ledger_transactions": _kept("the books"),
    "ledgers": _one_each("at most one for an account"),
    "limit_increases": _kept("what was bought"),
    "mailbox_links": _deleted("a link that was never used"),
    "memberships": _one_each("at most one for a person in an account"),
    "outbox_messages": _deleted("mail, sent or not"),
    "overrides": _kept("what staff granted, and why"),
    "ownership_offers": _one_each("at most one for an account"),
    "ownerships": _one_each("at most one for a person"),
    "parent_access_requests": _one_each("at most one for an account"),
    "payment_methods": _kept("what was paid with"),
    "plan_choices": _kept("by which plan a past cycle was charged"),
    "plans": Bound(Growth.FIXED, "the catalogue"),
    "recipient_list_parts": Bound(Growth.SWEPT, "deleted with their list"),
    "recipient_lists": Bound(Growth.SWEPT, "an hour after they ended, a day after they were uploaded"),
    "role_policy_lines": _one_each("what a role gives; a deleted role has none"),
    "roles": _kept("the names of roles that the log speaks of"),
    "send_counts": _one_each("an account's cycle"),
    "send_cycles": _one_each("an account's months"),
    "send_labels": _one_each("at most 100 for an account's cycle"),
    "send_reservations": _deleted("what was given back; what was sent is kept, costs and invoices go by it"),
    "sessions": _deleted("a session that ended"),
    "share_accounts": _one_each("the accounts of a share"),
    "shares": _kept("what was shared with whom; limited while they are made"),
    "staff": Bound(Growth.FIXED, "the operator's people"),
    "staff_changes": Bound(Growth.FIXED, "the operator's people, in the past"),
    "subaccounts_requests": _kept("what was asked of staff, and the answer; one at a time is open"),
    "subscriptions": _one_each("at most one for an account"),
    "text_forms": Bound(Growth.FIXED, "one row: the version of ICU"),
    "top_up_rules": _one_each("at most one for an account"),
    "top_ups": _kept("what was paid"),
    "users": _kept("people; signing up is limited"),
    "pgq.pgqueuer": Bound(Growth.SWEPT, "a job is deleted once it is done; held ones wait for the operator"),
    "pgq.pgqueuer_log": _deleted("what was done"),
    "pgq.pgqueuer_schedules": Bound(Growth.FIXED, "one row for what is done every minute"),
    "pgq.pgqueuer_statistics": Bound(Growth.FIXED, "empty: the worker gathers none"),
}
"""By the table's name, with its schema where that is not public."""
