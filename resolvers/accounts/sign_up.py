"""Signing up: a person with a master account of its own (R2, R46), or an invited person."""

from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Credentials, Principal, PrincipalKind
from authz.callers.tokens import digest_of
from authz.guards.delegation import role_in
from authz.guards.exclusive import Authorized
from authz.guards.locks import remember_access
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.row_security import found_tree
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import Currency
from models.base.ids import AccountId, ApiKeyId, Kind, MasterId, UserId, new_id, present
from models.members.tables import memberships
from models.people.holders import holder_of
from models.people.users import ownerships, users
from resolvers.accounts.create_subaccount import FIRST_KEY_NAME, add_account
from resolvers.api_keys.create import ApiKeySecret, NewApiKey, add_api_key
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.inputs.text import short_text
from resolvers.invitations.accept import accept_invitation, invitation_for
from resolvers.invitations.received import NamedInvitation
from resolvers.members.ownership import take_ownership
from resolvers.people.mailbox import mark_verified, send_verification
from resolvers.people.pages import MailboxPages
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.new_passwords import new_password
from resolvers.people.passwords.proved_passwords import PasswordChangedError
from resolvers.people.passwords.weak_passwords import PasswordOwner
from resolvers.people.sign_in import SignedIn, check_password_suffices, open_session
from resolvers.second_factor.factors import factors_of
from resolvers.sessions.clients import Client
from resolvers.shares.accept import accept_share, check_share_for


@dataclass(frozen=True)
class SignUp:
    """Exactly one of `account_name` (creates a master account) and `invitation_token` (accepts it); with
    `account_name` also a `share_token` (accepts it too). `pages`: where mails lead to. `currency`: of the new
    tree, for good. `reason`: see `Principal.reason`."""

    name: str
    email: str
    account_name: str | None
    invitation_token: str | None
    pages: MailboxPages
    share_token: str | None = None
    currency: Currency = Currency.EUR
    reason: str | None = None
    client: Client | None = None


@dataclass(frozen=True)
class SignedUp:
    """The person's session, its account, and the first key of an account that was created now."""

    signed_in: SignedIn
    account_id: AccountId
    api_key_id: ApiKeyId | None = None
    secret: str | None = None


@dataclass(frozen=True)
class SignUpPassword:
    """The new hash, and whether the password is that of the person who has the address already (see
    `holder_of`). `stored_hash`: the hash it was compared with; None: nobody had the address."""

    new_hash: str
    stored_hash: str | None = None
    is_right: bool = False


async def check_sign_up(
    sessions: WriteSessions, turn: HashingTurn, command: SignUp, password: str
) -> SignUpPassword:
    """Check the command and hash its password, twice for every address (T13). Raises BAD_USER_INPUT."""
    _check_wanted(command)
    email = email_address(command.email)
    prepared = new_password(password, PasswordOwner(short_text(command.name, "name"), email.canonical))
    statement = select(users.c.password_hash).where(users.c.id == holder_of(email.canonical))
    async with sessions.begin() as session:
        stored_hash = (await session.execute(statement)).scalar_one_or_none()
    is_right = await turn.matches(password, stored_hash)
    return SignUpPassword(await turn.hash(prepared), stored_hash, is_right)


async def sign_up(session: WriteSession, command: SignUp, password: SignUpPassword) -> SignedUp:
    """Create the person, and its account or membership.

    A person who verified the address, with the right password, gets an account if it owns none. Everybody
    else becomes a new person, whoever has the address: it counts for nothing before it is verified, so a
    stranger learns nothing (T13). The secret of a mailed link verifies it at once. Without such a secret
    the link is mailed. Raises SIGN_UP_REFUSED for such a secret with a wrong password, ALREADY_OWNS_ACCOUNT,
    BAD_USER_INPUT, RateLimited, PasswordChangedError, and what accepting the invitation or the share raises.
    """
    person = await _person(session, command, password)
    await check_password_suffices(session, person.id)
    signed_in = await open_session(session, person.id, client=command.client)
    credentials = Credentials(digest_of(signed_in.token))
    principal = Principal(PrincipalKind.PERSON, credentials, person.id, None, command.reason)
    if command.invitation_token is not None:
        joined = await accept_invitation(session, principal, NamedInvitation(command.invitation_token))
        return SignedUp(signed_in, joined.account.account_id)
    signed_up = await _own_account(session, principal, person, signed_in, command)
    if command.share_token is not None:
        await accept_share(session, principal, command.share_token)
    return signed_up


def _check_wanted(command: SignUp) -> None:
    if (command.account_name is None) == (command.invitation_token is None):
        message = "Give either accountName, with or without a shareToken, or invitationToken."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "accountName")
    if command.share_token is not None and command.invitation_token is not None:
        message = "Give either invitationToken or shareToken."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "shareToken")


@dataclass(frozen=True)
class _Person:
    """`owns`: the account that it owned before."""

    id: UserId
    owns: AccountId | None = None


async def _person(session: WriteSession, command: SignUp, password: SignUpPassword) -> _Person:
    email = email_address(command.email)
    name = short_text(command.name, "name")
    is_proved = await _proves_mailbox(session, email, command)
    registered = await _registered(session, email, password, is_proved=is_proved)
    if registered is not None:
        return registered
    made = (
        upsert(users)
        .values(
            id=new_id(),
            name=name,
            email=email.original,
            email_canonical=email.canonical,
            password_hash=password.new_hash,
            email_verified_at=func.now() if is_proved else None,
        )
        .on_conflict_do_nothing()
        .returning(users.c.id)
    )
    user_id = (await session.execute(made)).scalar_one_or_none()
    if user_id is None:
        # Somebody has verified the address since it was looked up.
        raise PasswordChangedError
    if not is_proved:
        await send_verification(session, UserId(user_id), email, command.pages)
    return _Person(UserId(user_id))


async def _proves_mailbox(session: WriteSession, email: EmailAddress, command: SignUp) -> bool:
    """Whether the secret of a mailed link came along. Raises what accepting it raises."""
    if command.invitation_token is not None:
        await invitation_for(session, email.canonical, command.invitation_token)
    elif command.share_token is not None:
        await check_share_for(session, email.canonical, command.share_token)
    else:
        return False
    return True


async def _registered(
    session: WriteSession, email: EmailAddress, password: SignUpPassword, *, is_proved: bool
) -> _Person | None:
    """The person who has the address already, if it is the one that signs up. Raises PasswordChangedError,
    also where another person has the address since the password was compared."""
    stored = select(users.c.id, users.c.password_hash, users.c.email_verified_at).where(
        users.c.id == holder_of(email.canonical)
    )
    row = (await session.execute(stored.with_for_update(key_share=True))).one_or_none()
    if row is None or not (is_proved or row.email_verified_at is not None):
        return None
    if row.password_hash != password.stored_hash:
        raise PasswordChangedError
    user_id = UserId(row.id)
    if not password.is_right:
        if is_proved and row.email_verified_at is not None:
            raise Refusal(RefusalCode.SIGN_UP_REFUSED)
        return None
    if (await factors_of(session, user_id)).any:
        raise Refusal(RefusalCode.SIGN_UP_REFUSED, "Sign in with your second factor instead.")
    await mark_verified(session, user_id)
    owned = select(ownerships.c.account_id).where(ownerships.c.user_id == user_id)
    return _Person(user_id, (await session.execute(owned)).scalar_one_or_none())


async def _own_account(
    session: WriteSession, principal: Principal, person: _Person, signed_in: SignedIn, command: SignUp
) -> SignedUp:
    """A new master account. A person with an account who comes for a share needs none."""
    if person.owns is not None and command.share_token is not None:
        return SignedUp(signed_in, person.owns)
    account, key = await _add_master_account(
        session, principal, person.id, command.account_name or "", command.currency
    )
    return SignedUp(signed_in, account.account_id, key.api_key_id, key.secret)


async def _add_master_account(
    session: WriteSession, principal: Principal, user_id: UserId, name: str, currency: Currency
) -> tuple[Authorized, ApiKeySecret]:
    account_id = AccountId(new_id())
    master_id = MasterId(account_id)
    account = Authorized(master_id, account_id, ALL_PERMISSIONS, ALL_PERMISSIONS, account_id)
    trimmed = short_text(name, "accountName")
    await remember_access(session)
    await found_tree(session, master_id)
    await add_account(session, master_id, account_id, {"name": trimmed, "currency": currency.value})
    await take_ownership(session, account, user_id)
    await session.send_built(
        insert(memberships).values(
            master_id=master_id,
            account_id=account_id,
            id=new_id(),
            user_id=user_id,
            role_id=BuiltinRole.OWNER.id,
        )
    )
    subject_id = present(Kind.ACCOUNT, account_id)
    await record(session, principal, account, EventType.ACCOUNT_CREATED, subject_id, None, {"name": trimmed})
    administrator = await role_in(session, account, BuiltinRole.ADMINISTRATOR.id)
    key = await add_api_key(session, principal, account, NewApiKey(FIRST_KEY_NAME, administrator))
    return account, key
