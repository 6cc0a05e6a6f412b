"""Stored functions that find what is due, and the only way to an invoice: `invoice_issue`."""

from sqlalchemy import alias

from engine.compiled.sql_text import prepared
from models.accounts.tables import accounts
from models.base.stored_functions import functions_in
from models.billing.due import CHARGED_AFTER, INVOICED_AFTER
from models.billing.tables import Product
from models.plans.cycles import UNSUBSCRIBED_ZONE, unsubscribed_anchor
from models.sending.tables import ReservationStatus

FUNCTIONS = functions_in(
    __package__,
    "cycles_to_charge",
    "invoices_to_issue",
    "invoice_issue",
    unsubscribed_anchor=prepared(unsubscribed_anchor(alias(accounts, "root"))).sql,
    unsubscribed_zone=prepared(UNSUBSCRIBED_ZONE).sql,
    committed=ReservationStatus.COMMITTED.value,
    sends_beyond=Product.SENDS_BEYOND.value,
    charged_after=CHARGED_AFTER.seconds,
    invoiced_after=INVOICED_AFTER.seconds,
)
