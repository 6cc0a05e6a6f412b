"""What an account of the demo has of its own besides contacts: settings, a block list, who has unsubscribed,
what bounced, and a domain that waits for its records in DNS."""

import datetime

from engine.writes.sessions import WriteSession
from models.block_list.tables import BlockReason
from models.domains.tables import DomainKind
from models.suppressions.tables import BounceKind
from resolvers.block_list.add import Blocking, block_addresses
from resolvers.domains.add import DomainCreation, add_domain
from resolvers.domains.dkim import NewDkimKey
from resolvers.inputs.address_digests import ContactKey
from resolvers.inputs.addresses import Address, AddressFault, read_addresses
from resolvers.sealing.keyring import Keyring
from resolvers.settings.update import SettingsUpdate, update_settings
from resolvers.settings.values import QuietHours
from resolvers.suppressions.bounce import Bounces, record_bounces
from resolvers.suppressions.reports import GivenReport
from resolvers.suppressions.unsubscribe import ListId, Unsubscribes, record_unsubscribes
from server.demo.sending import Keeper, version_of
from server.demo.story import DemoRules

_A_DAY = datetime.timedelta(days=1)


async def make_settings(session: WriteSession, keeper: Keeper, rules: DemoRules) -> None:
    """The account's own settings, which the accounts below inherit."""
    command = SettingsUpdate(
        keeper.account_id,
        await version_of(session, keeper.account_id),
        language=rules.language,
        sender_name=rules.sender_name,
        quiet_hours=QuietHours(*rules.quiet_hours),
    )
    await update_settings(session, keeper.principal, command)


async def make_exclusions(
    session: WriteSession, keeper: Keeper, rules: DemoRules, key: ContactKey, keyring: Keyring
) -> None:
    """Whom the account does not send to any more, for each of the three reasons."""
    for reason, text in rules.blocked:
        blocking = Blocking(
            account_id=keeper.account_id,
            addresses=[_address(key, text)],
            reason=reason,
            source="A call to the reception" if reason is BlockReason.MANUAL else None,
            keyring=keyring,
        )
        await block_addresses(session, keeper.principal, blocking)
    yesterday = datetime.datetime.now(datetime.UTC) - _A_DAY
    left: GivenReport[ListId] = GivenReport(_address(key, rules.unsubscribed), yesterday, None)
    await record_unsubscribes(session, keeper.principal, Unsubscribes(keeper.account_id, [left]))
    gone = GivenReport(_address(key, rules.bounced), yesterday, BounceKind.HARD)
    await record_bounces(session, keeper.principal, Bounces(keeper.account_id, [gone]))


async def make_domain(
    session: WriteSession, keeper: Keeper, name: str, keyring: Keyring, mail_host: str
) -> None:
    """A sending domain. Nobody publishes its records: `example.com` is nobody's."""
    command = DomainCreation(
        account_id=keeper.account_id, kind=DomainKind.SENDING, name=name, mail_host=mail_host
    )
    await add_domain(session, keeper.principal, command, NewDkimKey(), lambda: keyring)


def _address(key: ContactKey, text: str) -> Address | AddressFault:
    (found,) = read_addresses(key, [text], None)
    return found
