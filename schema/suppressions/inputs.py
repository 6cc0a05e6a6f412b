"""Reports of a partner's engine, read for the use cases."""

import datetime
import uuid
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from authz.policy.refusals import NotFound
from models.base.ids import AccountId, Kind, parse_in_account
from resolvers.inputs.address_digests import KeySource
from resolvers.suppressions.reports import GivenReport
from resolvers.suppressions.unsubscribe import ListId
from schema.fields.addresses import read_given

T = TypeVar("T")

_NOWHERE = uuid.UUID(int=0)
"""No contact list has this id."""


class ReportInput(Protocol):
    """What each report has."""

    address: str
    occurred_at: datetime.datetime


Given = TypeVar("Given", bound=ReportInput)


async def given_reports(
    key: KeySource, given: Sequence[Given], told: Callable[[Given], T], country: str | None
) -> list[GivenReport[T]]:
    """The reports; `told`: what each tells besides. Raises what `read_given` raises."""
    addresses = await read_given(key, [each.address for each in given], country, "reports")
    return [
        GivenReport(address=address, at=each.occurred_at, told=told(each))
        for each, address in zip(given, addresses, strict=True)
    ]


def list_id_of(account_id: AccountId, text: str | None) -> ListId:
    """The contact list that is named. Raises NotFound for what is no list of the account."""
    if text is None:
        return None
    found = parse_in_account(Kind.CONTACT_LIST, text)
    if found is None or found.account_id != account_id:
        raise NotFound("contactListId")
    return found.id


def list_id_or_nowhere(account_id: AccountId, text: str | None) -> ListId:
    """The same for one of many: what is no list of the account becomes an id that is never found."""
    try:
        return list_id_of(account_id, text)
    except NotFound:
        return _NOWHERE
