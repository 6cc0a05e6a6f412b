"""Mail to the owners: at the start of a review, and before its end."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select

from authz.policy.builtin_roles import BuiltinRole
from authz.reach.grants import active_memberships
from engine.text.numbers import counted
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import MasterId
from models.people.users import users
from resolvers.access_review.mail_kinds import ACCESS_REVIEW_ASKED
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_notices
from resolvers.inputs.emails import EmailAddress

_NAMED = 10


async def tell_owners(
    session: WriteSession,
    cause: Cause,
    master_id: MasterId,
    account_ids: Collection[uuid.UUID],
    ends_at: datetime.datetime,
) -> None:
    """Queue one mail to each owner of these accounts, however many of them that owner has. An account
    without an owner is looked after by those of the nearest account above that has one."""
    named: dict[EmailAddress, list[str]] = defaultdict(list)
    owner, path, place = active_memberships(), account_closure.alias(), accounts.alias()
    nearest = func.min(path.c.depth).over(partition_by=place.c.id)
    rows = (
        select(
            users.c.email,
            users.c.email_canonical,
            place.c.name,
            (path.c.depth == nearest).label("nearest"),
        )
        .select_from(place)
        .join(path, in_tree(path, place, descendant_id="id"))
        .join(owner, in_tree(owner, path, account_id="ancestor_id"))
        .join(users, users.c.id == owner.c.user_id)
        .where(
            place.c.master_id == master_id,
            place.c.id == any_(literal(list(account_ids), ARRAY(Uuid))),
            owner.c.role_id == BuiltinRole.OWNER.id,
        )
        .order_by(users.c.email_canonical, place.c.name)
    )
    for row in await session.execute(rows):
        if row.nearest:
            named[EmailAddress(row.email, row.email_canonical)].append(row.name)
    mails = [
        Mail(ACCESS_REVIEW_ASKED, recipient, _body(names, ends_at)) for recipient, names in named.items()
    ]
    await queue_notices(session, cause, mails)


def _body(names: list[str], ends_at: datetime.datetime) -> str:
    shown = ", ".join(quoted(name) for name in names[:_NAMED])
    more = len(names) - _NAMED
    if more > 0:
        shown += f" and {counted(more, 'more account')}"
    until = f"{ends_at.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    return letter(
        f"People from outside or API keys have access to {shown}.",
        f"Confirm until {until} who and what shall keep it. At that moment the access that nobody has "
        "confirmed ends.",
        "Sign in and look at the accounts' access reviews.",
    )
