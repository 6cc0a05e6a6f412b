"""The rows of the matrix for who is billed, and for invoices."""

import itertools

from models.base.ids import Kind
from tests.areas.credit.matrix import CREDIT_READERS
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Query, Values, gated, table
from tests.world.billing import consolidate, give_invoice

INVOICE_READERS = CREDIT_READERS
"""They hold all of the area INVOICES in the account."""

_streets = itertools.count(1)


async def _mode(stage: Stage) -> Values:
    await consolidate(stage.world, stage.account)
    return {"accountId": stage.account.id, "mode": "SEPARATE"}


async def _details(stage: Stage) -> Values:
    address = {"street": f"Weg {next(_streets)}", "postcode": "10115", "city": "Berlin", "country": "DE"}
    return {"accountId": stage.account.id, "name": "Hotel", **address}


async def _invoice(stage: Stage) -> Values:
    return {"id": (await give_invoice(stage.world, stage.account)).id}


MUTATIONS = {
    "billingModeUpdate": Mutation(
        "INVOICES_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - INVOICE_READERS, "FORBIDDEN INVOICES_WRITE"),
            # It is about the invoices of the account above.
            (INVOICE_READERS - ABOVE, "BILLED_ACCOUNT_REQUIRED"),
            (ABOVE, DONE),
        ),
        _mode,
    ),
    "billingDetailsUpdate": Mutation("INVOICES_WRITE", gated("INVOICES_WRITE", INVOICE_READERS), _details),
}

QUERIES = {
    # Its own right is asked where the invoice is found, so that without it there is nothing.
    "invoice": Query(
        "INVOICES_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((INSIDE | OUTSIDE) - INVOICE_READERS, "NOT_FOUND"),
            (INVOICE_READERS, DONE),
        ),
        "{ number xml pdfUrl }",
        _invoice,
    )
}


ACCOUNT_FIELDS = {
    "billingMode": ("INVOICES_READ", INVOICE_READERS),
    "invoicedAccount": ("INVOICES_READ", INVOICE_READERS),
    "billingDetails": ("INVOICES_READ", INVOICE_READERS),
    "invoices": ("INVOICES_READ", INVOICE_READERS),
    "costs": ("INVOICES_READ", INVOICE_READERS),
}


async def _invoice_id(stage: Stage) -> str:
    return (await give_invoice(stage.world, stage.account, stage.child)).id


NODES = {
    Kind.INVOICE: NodeOf(_invoice_id, INVOICE_READERS),
}
