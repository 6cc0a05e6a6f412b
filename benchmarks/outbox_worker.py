"""A worker that hands messages over to a local outbox, in a process of its own.

work ADDRESS FOLDER     does what `mandant worker` does
alone NUMBER FOLDER     makes so many mails of the campaign, signs them and hands them over, without a
                        database; then hands over so many that are ready. Prints the seconds of both.
"""

import asyncio
import datetime
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from benchmarks.servers import CONTACT_KEY, SECRET_KEY
from models.base.ids import AccountId, DomainId, MasterId, MessageId, new_id
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.domains.dkim import NewDkimKey
from resolvers.domains.sealed_columns import PRIVATE_KEY
from resolvers.messages.delivery.claim import AT_ONCE
from resolvers.messages.delivery.claimed import ClaimedMessage, SigningKey, TemplateSender
from resolvers.messages.delivery.rendered import rendered
from resolvers.messages.transport import Envelope, Verdict
from resolvers.statistics.count import Source
from resolvers.templates.parts import Parts
from resolvers.templates.rendering.work import Fault
from schema.fields.deployment import Deployment
from server.jobs.message_mail import MailWriter
from server.settings.deployment import deployment
from server.settings.settings import Settings
from server.start.serve import start_log
from server.start.worker import work_until_signalled
from server.transports.local_outbox import LocalOutbox, MailToOutbox, SmsToOutbox

DOMAIN = "news.example.com"
"""That the campaign comes from."""

PARTS = Parts(
    subject="Spring",
    text="Hello {{ contact.attributes.country }}, spring is here: https://example.com/spring",
    html="<html><body><p>Hello {{ contact.attributes.country }},</p>"
    '<p><a href="https://example.com/spring">spring is here</a>.</p></body></html>',
)
"""What the campaign says."""


def _deployment(folder: Path) -> Deployment:
    settings = Settings(secret_keys=SecretStr(SECRET_KEY), contact_key=SecretStr(CONTACT_KEY))
    outbox = LocalOutbox(folder)
    return replace(deployment(settings), mail=MailToOutbox(outbox), sms=SmsToOutbox(outbox))


async def _work(database_url: str, folder: Path) -> None:
    start_log()
    await work_until_signalled(database_url, _deployment(folder))


async def _alone(number: int, folder: Path) -> None:
    deployed = _deployment(folder)
    message, writer, ready = await _message(deployed), MailWriter(deployed), list[Envelope]()

    async def make_one() -> None:
        own = replace(message, id=MessageId(new_id()))
        links = writer.links(own)
        parts = await rendered(deployed.renderer, own, None if links is None else links.unsubscribe_url())
        if isinstance(parts, Fault) or own.signing_key is None:
            raise AssertionError(parts)
        envelope = writer.envelope(own, own.signing_key, parts, links, {})
        ready[:] = [envelope]
        await _hand_over(deployed, envelope)

    made = await _seconds(number, make_one)
    print(made, await _seconds(number, lambda: _hand_over(deployed, ready[0])))
    await deployed.close()


async def _hand_over(deployed: Deployment, envelope: Envelope) -> None:
    if deployed.mail is None or (await deployed.mail.hand_over(envelope)).verdict is not Verdict.ACCEPTED:
        raise AssertionError("the local outbox takes all")


async def _seconds(number: int, do_one: Callable[[], Awaitable[None]]) -> float:
    """As many at once as a worker hands over at once."""
    await do_one()
    began = time.perf_counter()
    for _ in range(0, number, AT_ONCE):
        await asyncio.gather(*[do_one() for _ in range(AT_ONCE)])
    return time.perf_counter() - began


async def _message(deployed: Deployment) -> ClaimedMessage:
    tree, domain_id, pair = MasterId(new_id()), DomainId(new_id()), await NewDkimKey().made()
    place = PRIVATE_KEY.place({"master_id": tree, "domain_id": domain_id})
    now = datetime.datetime.now(datetime.UTC)
    return ClaimedMessage(
        master_id=tree,
        account_id=AccountId(tree),
        id=MessageId(new_id()),
        claimed_at=now,
        expires_at=now + datetime.timedelta(days=1),
        attempts=1,
        stream=SendStream.MARKETING,
        source=Source(channel=MessageChannel.EMAIL, stream=SendStream.MARKETING),
        is_test=False,
        recipient="person7@example.com",
        canonical="person7@example.com",
        from_address=f"spring@{DOMAIN}",
        from_name=None,
        reply_to=None,
        headers={},
        variables={},
        contact={"email": "person7@example.com", "attributes": {"country": "SE"}},
        sender=TemplateSender({"name": "Shop"}, {}),
        signing_key=SigningKey(
            tree, domain_id, DOMAIN, pair.selector, deployed.keyring().seal(place, pair.private_key)
        ),
        tracking_domain=None,
        sends=1,
        parts=PARTS,
    )


def main() -> None:
    """By the arguments."""
    what, of, folder = sys.argv[1:]
    if what == "work":
        asyncio.run(_work(of, Path(folder)))
    else:
        asyncio.run(_alone(int(of), Path(folder)))


if __name__ == "__main__":
    main()
