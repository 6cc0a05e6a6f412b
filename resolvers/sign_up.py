"""Signing up: a person with a master account of its own (R2, R46), or one that was invited."""

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.builtin_roles import BuiltinRole
from authz.delegation import role_in
from authz.guard import Authorized
from authz.permissions import ALL_PERMISSIONS
from authz.principals import Credentials, Principal, PrincipalKind
from authz.refusals import Refusal, RefusalCode
from authz.row_security import found_tree
from authz.tokens import digest_of
from engine.write_sessions import WriteSession
from models.accounts import Currency
from models.identifiers import AccountId, ApiKeyId, Kind, MasterId, MembershipId, UserId, new_id, present
from models.members import memberships
from models.users import users
from resolvers.api_key_changes import ApiKeySecret, NewApiKey, add_api_key
from resolvers.emails import email_address
from resolvers.events import EventKind, record
from resolvers.invitation_acceptance import accept_invitation
from resolvers.ownership import take_ownership
from resolvers.passwords import hash_password, password_matches
from resolvers.sessions import SignedIn, open_session
from resolvers.subaccounts import FIRST_KEY_NAME, add_account
from resolvers.texts import short_text


@dataclass(frozen=True)
class SignUp:
    """Exactly one of `account_name` (a master account is made) and `invitation_token` (it is accepted).
    `currency`: that of the master account's tree, for good. `reason`: see `Principal.reason`."""

    name: str
    email: str
    password: str
    account_name: str | None
    invitation_token: str | None
    currency: Currency = Currency.EUR
    reason: str | None = None


@dataclass(frozen=True)
class SignedUp:
    """The person's session, the account that it owns or joined, and the first key of an own account."""

    signed_in: SignedIn
    account_id: AccountId
    membership_id: MembershipId
    api_key_id: ApiKeyId | None
    secret: str | None


async def sign_up(session: WriteSession, command: SignUp) -> SignedUp:
    """Make the person, and its account or membership.

    A person who is registered already and gives the right password gets an account of its own, if it has
    none. Raises SIGN_UP_REFUSED for a wrong password, ALREADY_OWNS_ACCOUNT, BAD_USER_INPUT, and what
    accepting an invitation raises.
    """
    if (command.account_name is None) == (command.invitation_token is None):
        message = "Give either accountName or invitationToken."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "accountName")
    user_id = await _person(session, command)
    signed_in = await open_session(session, user_id)
    credentials = Credentials(digest_of(signed_in.token))
    principal = Principal(PrincipalKind.PERSON, credentials, user_id, None, command.reason)
    if command.invitation_token is not None:
        joined = await accept_invitation(session, principal, command.invitation_token)
        return SignedUp(signed_in, joined.account.account_id, joined.membership_id, None, None)
    account, membership_id, key = await _add_master_account(
        session, principal, user_id, command.account_name or "", command.currency
    )
    return SignedUp(signed_in, account.account_id, membership_id, key.api_key_id, key.secret)


async def _person(session: WriteSession, command: SignUp) -> UserId:
    email = email_address(command.email)
    name = short_text(command.name, "name")
    password_hash = await hash_password(command.password)
    made = (
        upsert(users)
        .values(
            id=new_id(),
            name=name,
            email=email.original,
            email_canonical=email.canonical,
            password_hash=password_hash,
        )
        .on_conflict_do_nothing()
        .returning(users.c.id)
    )
    user_id = (await session.execute(made)).scalar_one_or_none()
    if user_id is not None:
        return UserId(user_id)
    stored = select(users.c.id, users.c.password_hash).where(users.c.email_canonical == email.canonical)
    row = (await session.execute(stored)).one()
    if not await password_matches(command.password, row.password_hash):
        raise Refusal(RefusalCode.SIGN_UP_REFUSED)
    return UserId(row.id)


async def _add_master_account(
    session: WriteSession, principal: Principal, user_id: UserId, name: str, currency: Currency
) -> tuple[Authorized, MembershipId, ApiKeySecret]:
    account_id = AccountId(new_id())
    master_id = MasterId(account_id)
    account = Authorized(master_id, account_id, ALL_PERMISSIONS, ALL_PERMISSIONS, account_id)
    trimmed = short_text(name, "accountName")
    await found_tree(session, master_id)
    await add_account(session, master_id, account_id, {"name": trimmed, "currency": currency.value})
    await take_ownership(session, account, user_id)
    membership_id = MembershipId(new_id())
    await session.execute(
        insert(memberships).values(
            master_id=master_id,
            account_id=account_id,
            id=membership_id,
            user_id=user_id,
            role_id=BuiltinRole.OWNER.id,
        )
    )
    subject_id = present(Kind.ACCOUNT, account_id)
    await record(session, principal, account, EventKind.ACCOUNT_CREATED, subject_id, None, {"name": trimmed})
    administrator = await role_in(session, account, BuiltinRole.ADMINISTRATOR.id)
    key = await add_api_key(session, principal, account, NewApiKey(FIRST_KEY_NAME, administrator))
    return account, membership_id, key
