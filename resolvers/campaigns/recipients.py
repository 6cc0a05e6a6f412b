"""What a campaign sends to which domains and countries.

As it starts, only the digests of its recipients are known. So its sends are counted by recipients when their
contacts are read anyway: as of the start, like the sends themselves, and of all that were paid, also of those
who were excluded since. Whose contact was deleted meanwhile, nobody knows any more where it was.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, any_, func, literal, select

from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.contacts.tables import contacts
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.tables import StatisticKind
from resolvers.campaigns.audience import DIGESTS
from resolvers.campaigns.store import Campaign
from resolvers.inputs.phones import country_of
from resolvers.statistics.count import Counted, Source


async def counted_by_recipients(
    session: WriteSession, campaign: Campaign, digests: Sequence[bytes]
) -> list[Counted]:
    """What to count of a slice, by one statement. The caller is in the data plane."""
    is_email = campaign.content.channel is MessageChannel.EMAIL
    numbers = await (_by_domain if is_email else _by_country)(session, campaign, digests)
    row, each = campaign.row, campaign.content.sends_each
    return [
        Counted(
            source=Source(
                channel=campaign.content.channel,
                stream=SendStream.MARKETING,
                campaign_id=campaign.id,
                label=row.compared_label,
                domain=recipients if is_email else None,
                country=None if is_email else recipients,
            ),
            kind=StatisticKind.SENT_TO,
            happened_at=row.started_at,
            number=number,
            sends=number * each,
        )
        for recipients, number in numbers.items()
    ]


async def _by_domain(session: WriteSession, campaign: Campaign, digests: Sequence[bytes]) -> dict[str, int]:
    domain = func.split_part(contacts.c.email_canonical, "@", -1)
    statement = (
        select(domain.label("domain"), func.count().label("number"))
        .where(*_these(campaign, digests))
        .group_by(domain)
    )
    return {row.domain: row.number for row in await session.execute(statement)}


async def _by_country(session: WriteSession, campaign: Campaign, digests: Sequence[bytes]) -> dict[str, int]:
    """A number is not of a country by its beginning alone."""
    statement = select(contacts.c.phone_canonical).where(*_these(campaign, digests))
    phones = (await session.execute(statement)).scalars()
    found = Counter(country_of(phone) for phone in phones)
    return {country: number for country, number in found.items() if country is not None}


def _these(campaign: Campaign, digests: Sequence[bytes]) -> list[ColumnElement[bool]]:
    digest = contacts.c[DIGESTS[campaign.content.channel]]
    given = literal(list(digests), ARRAY(LargeBinary))
    return [in_account(contacts, campaign.account), digest.is_not(None), digest == any_(given)]
