"""Making the demo as its people would: they sign up, make subaccounts, invite each other, share and
accept.

So everything that a real account has is there: keys, ownership, an event for every change.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import BigInteger, exists, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import Credentials, Principal, PrincipalKind
from authz.callers.tokens import digest_of
from authz.policy.refusals import Refusal
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import CreditMode
from models.base.ids import AccountId, LedgerTransactionId, MasterId, new_id
from models.base.locks import AdvisoryLock
from models.credit.tables import BalanceKind, LedgerTransactionKind
from models.effects.outbox import outbox_messages
from models.people.users import users
from resolvers.accounts.change import AccountUpdate, suspend_account, update_account
from resolvers.accounts.create_subaccount import SubaccountCreation, create_subaccount
from resolvers.accounts.credit_mode import CreditModeUpdate, change_credit_mode
from resolvers.accounts.sign_up import SignUp, SignUpPassword, sign_up
from resolvers.credit.post import Posting, Transaction, post_transaction
from resolvers.credit.transfer import CreditTransfer, transfer_credit
from resolvers.invitations.accept import accept_invitation
from resolvers.invitations.invite import MemberInvitation, invite_member
from resolvers.invitations.received import NamedInvitation
from resolvers.payments.change_methods import NewPaymentMethod, add_payment_method
from resolvers.people.links import link_digest
from resolvers.people.mailbox import verify_email
from resolvers.people.pages import MailboxPages
from resolvers.people.passwords.new_passwords import PreparedPassword, hash_of
from resolvers.people.sign_in import SignedIn
from resolvers.review.request import request_review
from resolvers.shares.create import ShareCreation, WantedScope, create_share
from resolvers.staff.request_subaccounts import SubaccountSetUp
from schema.fields.deployment import Deployment
from server.demo.contacts import make_contacts
from server.demo.own_rules import make_domain, make_exclusions, make_settings
from server.demo.sending import Keeper, Sender, Sending, version_of
from server.demo.story import (
    DEMO_PASSWORD,
    TREES,
    DemoAccount,
    DemoMember,
    DemoPerson,
    DemoRules,
    DemoShare,
    DemoTree,
)
from server.demo.webhook import make_webhook
from server.demo.year import Year

_Key = TypeVar("_Key")

_SECRET = re.compile(r"#(\w+)")


async def make_demo(database: AsyncEngine, deployment: Deployment, year: Year | None = None) -> bool:
    """Make the demo once, whole or not at all: whether it was made now.

    Where the deployment has no key for contacts, nothing was sent; without secrets nobody is blocked and
    there is no domain. With a `year` the accounts are a year old and were billed for it, else new.
    """
    password = SignUpPassword(hash_of(PreparedPassword(DEMO_PASSWORD)))
    async with WriteSessions(database).begin() as session:
        # Two processes may start at once; the second waits longer than a request may.
        await session.execute(text("SET LOCAL lock_timeout = '5min'"))
        await session.execute(text("SET LOCAL statement_timeout = '5min'"))
        await session.execute(select(func.pg_advisory_xact_lock(literal(AdvisoryLock.DEMO, BigInteger))))
        if await _is_made(session):
            return False
        sending = Sending(session, _if_there(deployment.contact_key))
        making = _Making(session, deployment, sending, password)
        for tree in TREES:
            await making.tree(tree, year)
    return True


def _if_there(source: Callable[[], _Key]) -> _Key | None:
    with suppress(Refusal):
        return source()
    return None


async def _is_made(session: WriteSession) -> bool:
    emails = [tree.owner.email for tree in TREES]
    there = select(exists().where(users.c.email_canonical.in_(emails)))
    return (await session.execute(there)).scalar_one()


@dataclass
class _Making:
    """One transaction in which the demo is made; `password`: everybody's; `signed_in`: who was heard of
    already; `accounts`: the ids of subaccounts by their names; `senders`: who sends for which account."""

    session: WriteSession
    deployment: Deployment
    sending: Sending
    password: SignUpPassword
    signed_in: dict[DemoPerson, Principal] = field(default_factory=dict)
    accounts: dict[str, AccountId] = field(default_factory=dict)
    senders: list[Sender] = field(default_factory=list)

    @property
    def link(self) -> str:
        """What links in invitations begin with."""
        return f"{self.deployment.public_url}/invitation"

    @property
    def pages(self) -> MailboxPages:
        """What links to a mailbox begin with."""
        public_url = self.deployment.public_url
        return MailboxPages(f"{public_url}/email-verification", f"{public_url}/password-reset")

    async def tree(self, tree: DemoTree, year: Year | None) -> None:
        """A tree, with its past if there is a year for it, and what it has sent since."""
        self.senders.clear()
        if year is None or tree.plan is None:
            owner = await self._people_and_accounts(tree)
        else:
            async with year.begun() as past:
                owner = await self._people_and_accounts(tree)
                async for months_ago in past.months():
                    await self.sending.send_all(self.senders, months_ago)
                    await past.bill(self.session, owner.principal, owner.account_id)
        await self.sending.send_all(self.senders)
        await self._rules(owner, tree.rules)
        for sender in self.senders:
            await self._rules(sender, sender.account.rules)

    async def _rules(self, keeper: Keeper, rules: DemoRules | None) -> None:
        if rules is None:
            return
        await make_settings(self.session, keeper, rules)
        key, keyring = self.sending.contact_key, _if_there(self.deployment.keyring)
        if rules.reviewed and key is not None:
            await request_review(self.session, keeper.principal, keeper.account_id)
        if keyring is None:
            return
        if rules.domain is not None:
            await make_domain(self.session, keeper, rules.domain, keyring, self.deployment.mail_host)
        if rules.webhook is not None:
            await make_webhook(self.session, keeper, rules.webhook, self.deployment.keyring)
        if key is not None:
            await make_exclusions(self.session, keeper, rules, key, keyring)

    async def _people_and_accounts(self, tree: DemoTree) -> Keeper:
        person = tree.owner
        command = SignUp(person.name, person.email, tree.name, None, self.pages, currency=tree.currency)
        done = await sign_up(self.session, command, self.password)
        owner = self._enter(person, done.signed_in)
        link = link_digest(await self._read_mail(person))
        await verify_email(self.session, owner, link, self.pages)
        await self._buy(owner, done.account_id, tree.credit)
        card = NewPaymentMethod(done.account_id, "practice-card", "Visa ending in 4242")
        await add_payment_method(self.session, owner, card)
        update_command = AccountUpdate(
            done.account_id,
            await version_of(self.session, done.account_id),
            rights_inheritance=tree.rights_inheritance,
        )
        await update_account(self.session, owner, update_command)
        if tree.plan is not None:
            await self.sending.choose(owner, done.account_id, tree.plan, tree.currency)
        keeper = Keeper(owner, done.account_id)
        await self._contacts(keeper, tree.first_reader)
        await self._members(owner, done.account_id, tree.members)
        for below in tree.subaccounts:
            await self._subaccount(owner, done.account_id, below)
        for share in tree.shares:
            await self._share(owner, share)
        return keeper

    async def _contacts(self, keeper: Keeper, first: int | None) -> None:
        key = self.sending.contact_key
        if first is not None and key is not None:
            await make_contacts(self.session, keeper, key, first)

    async def _buy(self, owner: Principal, account_id: AccountId, amount: int) -> None:
        """As if it had been paid for: a provider cannot be asked from within a transaction."""
        postings = (
            Posting(account_id, BalanceKind.OUTSIDE, -amount),
            Posting(account_id, BalanceKind.CREDIT, amount),
        )
        transaction_id, kind = LedgerTransactionId(new_id()), LedgerTransactionKind.TOP_UP
        await post_transaction(
            self.session, owner, Transaction(MasterId(account_id), transaction_id, kind, postings)
        )

    async def _hand_down(
        self, maker: Principal, parent_id: AccountId, account_id: AccountId, amount: int
    ) -> None:
        version = await version_of(self.session, account_id)
        command = CreditModeUpdate(account_id, version, CreditMode.OWN_BALANCE)
        await change_credit_mode(self.session, maker, command)
        transfer = CreditTransfer(parent_id, account_id, amount, "For the first campaigns", "demo")
        await transfer_credit(self.session, maker, transfer)

    async def _subaccount(self, maker: Principal, parent_id: AccountId, wanted: DemoAccount) -> None:
        command = SubaccountCreation(
            parent_id,
            wanted.name,
            wanted.external_id,
            wanted.owner.email if wanted.owner else None,
            f"demo {wanted.name}",
            self.link,
            SubaccountSetUp.SELF_SERVICE,
        )
        made = await create_subaccount(self.session, maker, command)
        self.accounts[wanted.name] = made.account_id
        if wanted.credit is not None:
            await self._hand_down(maker, parent_id, made.account_id, wanted.credit)
        if wanted.owner is not None:
            await self._join(wanted.owner)
        await self._members(maker, made.account_id, wanted.members)
        if wanted.invited is not None:
            await self._invite(maker, made.account_id, wanted.invited)
        sender = maker if wanted.owner is None else self.signed_in[wanted.owner]
        if wanted.send_cap is not None:
            await self.sending.cap(maker, made.account_id, wanted.send_cap)
        self.senders.append(Sender(sender, made.account_id, wanted))
        await self._contacts(self.senders[-1], min((each.first for each in wanted.sends), default=None))
        for below in wanted.subaccounts:
            await self._subaccount(maker, made.account_id, below)
        if wanted.suspended_because is not None:
            await suspend_account(self.session, maker, made.account_id, wanted.suspended_because)

    async def _share(self, giver: Principal, share: DemoShare) -> None:
        person = share.guest
        command = ShareCreation(
            [self.accounts[name] for name in share.accounts],
            person.email,
            WantedScope(share.role.id, None, share.hidden_areas),
            None,
            f"demo {person.email}",
            self.link,
        )
        await create_share(self.session, giver, command)
        token = await self._read_mail(person)
        sign_up_command = SignUp(
            person.name, person.email, share.own_account, None, self.pages, share_token=token
        )
        self._enter(person, (await sign_up(self.session, sign_up_command, self.password)).signed_in)

    async def _members(
        self, maker: Principal, account_id: AccountId, members: tuple[DemoMember, ...]
    ) -> None:
        for member in members:
            await self._invite(maker, account_id, member)
            await self._join(member.person)

    async def _invite(self, maker: Principal, account_id: AccountId, member: DemoMember) -> None:
        email, role = member.person.email, member.role
        command = MemberInvitation(account_id, email, role.id, None, f"demo {email}", self.link)
        await invite_member(self.session, maker, command)

    async def _join(self, person: DemoPerson) -> None:
        token = await self._read_mail(person)
        principal = self.signed_in.get(person)
        if principal is not None:
            await accept_invitation(self.session, principal, NamedInvitation(token))
            return
        command = SignUp(person.name, person.email, None, token, self.pages)
        self._enter(person, (await sign_up(self.session, command, self.password)).signed_in)

    async def _read_mail(self, person: DemoPerson) -> str:
        """The secret in the mail that the person just got, which then counts as sent."""
        waiting = (outbox_messages.c.recipient == person.email) & outbox_messages.c.sent_at.is_(None)
        body = (await self.session.execute(select(outbox_messages.c.body).where(waiting))).scalar_one()
        sent = update(outbox_messages).where(waiting).values(sent_at=func.now(), body=None)
        await self.session.execute(sent)
        secret = _SECRET.search(body or "")
        if secret is None:
            raise AssertionError("the mail holds a secret")
        return secret.group(1)

    def _enter(self, person: DemoPerson, signed_in: SignedIn) -> Principal:
        credentials = Credentials(digest_of(signed_in.token))
        principal = Principal(PrincipalKind.PERSON, credentials, signed_in.user_id, None)
        self.signed_in[person] = principal
        return principal
