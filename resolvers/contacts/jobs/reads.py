"""Jobs about contacts, as those see them who see the contacts."""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from engine.declare.arguments import Described
from engine.declare.far import ITEM
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.contacts.jobs import contact_import_errors, contact_jobs
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, row_by_id, rows_of

NEWEST_FIRST = Order("contact jobs", (contact_jobs.c.id,), descending=True)
BY_LINE = Order("import errors", (contact_import_errors.c.line,))


def of_account(account: FromClause) -> Select[Any]:
    """What workers do, or did, with many contacts of the account, the newest first."""
    return rows_of(contact_jobs, account, account_id="id")


def by_id(
    root: FromClause, id: Annotated[Id, of_kind(Kind.CONTACT_JOB), Described("The job's id.")]
) -> Select[Any]:
    """A job of an account whose contacts you may see. NOT_FOUND if it does not exist or you may not see
    them."""
    return row_by_id(contact_jobs, id, Permission.CONTACTS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The job after the change."""
    return row_by_id(contact_jobs, result.c.job_id, Permission.CONTACTS_READ)


def account_of(job: FromClause) -> Select[Any]:
    """The account whose contacts they are."""
    return account_behind(job)


def itself(job: FromClause) -> Select[Any]:
    """How far it is."""
    found = contact_jobs.alias()
    return select(*found.c).where(in_tree(found, job, id="id"))


def errors_of(job: FromClause) -> Select[Any]:
    """The rows of the file that were refused, at most 10,000, by their lines."""
    found = contact_import_errors.alias()
    return select(*found.c).where(in_tree(found, job, account_id="id", job_id=ITEM))
