"""Domains, as those see them who may see an account's domains."""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select

from authz.policy.permissions import Permission
from engine.declare.paging import Order
from models.base.ids import Kind
from models.domains.tables import domain_records, domains
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, row_by_id, rows_of

BY_ID = Order("domains", (domains.c.id,))
"""Oldest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's own domains, oldest first. Nothing is inherited from accounts above."""
    return rows_of(domains, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.DOMAIN)]) -> Select[Any]:
    """A domain of an account whose domains the viewer may see."""
    return row_by_id(domains, id, Permission.DOMAINS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The domain, as it is now."""
    return row_by_id(domains, result.c.domain_id, Permission.DOMAINS_READ)


def records_of(domain: FromClause) -> Select[Any]:
    """The records to publish in the domain's DNS. The domain is verified when all of them are found."""
    return rows_of(domain_records, domain, domain_id="id")


def account_of(domain: FromClause) -> Select[Any]:
    """The account that the domain belongs to."""
    return account_behind(domain)
