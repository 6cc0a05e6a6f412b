"""The keys of the sending domains that a batch's messages come from."""

from collections.abc import Collection, Mapping

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, select

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_tree
from models.base.ids import AccountId, DomainId, MasterId
from models.domains.tables import DomainKind, DomainStatus, domain_keys, domains
from resolvers.inputs.emails import email_address
from resolvers.messages.delivery.claimed import SigningKey

Origin = tuple[AccountId, str]
"""An account, and a domain in ASCII that its messages come from."""


def origin_of(account_id: AccountId, sender: str) -> Origin:
    """Of a message that comes from this address."""
    return account_id, email_address(sender).canonical.rpartition("@")[2]


async def read_signing_keys(
    session: WriteSession, master_id: MasterId, origins: Collection[Origin]
) -> Mapping[Origin, SigningKey]:
    """Those of the domains that are verified now. The caller has entered the tree."""
    if not origins:
        return {}
    ids, names = sorted({id_ for id_, _ in origins}), sorted({name for _, name in origins})
    rows = await _KEYS.rows(session, {"tree": master_id, "ids": ids, "names": names})
    return {
        (AccountId(row.account_id), row.ascii_name): SigningKey(
            master_id, DomainId(row.id), row.ascii_name, row.selector, row.private_key
        )
        for row in rows
    }


_KEYS = FixedStatement(
    select(
        domains.c.account_id,
        domains.c.id,
        domains.c.ascii_name,
        domain_keys.c.selector,
        domain_keys.c.private_key,
    )
    .select_from(domains.join(domain_keys, in_tree(domain_keys, domains, domain_id="id")))
    .where(
        domains.c.master_id == bindparam("tree", type_=Uuid()),
        domains.c.account_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        domains.c.ascii_name == any_(bindparam("names", type_=ARRAY(Text))),
        domains.c.kind == DomainKind.SENDING.value,
        domains.c.status == DomainStatus.VERIFIED.value,
    )
)
