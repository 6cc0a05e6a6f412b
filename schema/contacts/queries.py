"""Root fields of the area."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from authz.policy.permissions import Permission
from engine.base.field_errors import absent, forbidden
from engine.declare.declarations import to_one
from models.base.ids import AccountId, Kind, parse
from resolvers.block_list.reads import read_seen_path
from resolvers.contacts.jobs import reads as job_reads
from resolvers.contacts.personal_data import personal_data
from schema.contacts.job_types import ContactJob
from schema.fields.addresses import PHONE_COUNTRY, in_a_query, read_one
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs


@strawberry.type
class ContactQuery:
    job: ContactJob | None = to_one(
        job_reads.by_id, absent="NOT_FOUND", directives=needs(Permission.CONTACTS_READ)
    )

    @strawberry.field(
        directives=needs(Permission.CONTACTS_READ),
        description="All that the account keeps of a person, by the person's address, for the person to "
        "see: a JSON object with `contact`, and the lists `unsubscribes`, `bounces`, for callers with "
        "CAMPAIGNS_READ or TRANSACTIONAL_READ the newest 1,000 `messages` of these streams, and for callers "
        "with BLOCK_LIST_READ `blocked`. The lists are about the address and the other address of its "
        "contact; each item has its `address`. What is kept of nobody is null or empty.",
    )
    async def personal_data(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        address: Annotated[
            str, strawberry.argument(description="An e-mail address or a phone number, in any spelling.")
        ],
        phone_country: Annotated[str | None, strawberry.argument(description=PHONE_COUNTRY)] = None,
    ) -> JSON | None:
        principal_of(info)
        key, reader = parse(Kind.ACCOUNT, account_id), info.context.reader
        path = None if key is None else await read_seen_path(reader, AccountId(key))
        if path is None:
            raise absent("NOT_FOUND", "accountId")
        if not path.may(Permission.CONTACTS_READ):
            raise forbidden(Permission.CONTACTS_READ)
        with in_a_query():
            contact_key = info.context.deployment.contact_key
            given = await read_one(contact_key, address, phone_country, path.default_country)
            return JSON(await personal_data(reader, path, given))
