"""Mutations of one's own profile, and its end."""

import strawberry

from authz.callers.principals import Principal
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present
from resolvers.accounts.delete_person import delete_person
from resolvers.people import profile
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.proved_passwords import ProvedPassword, prove_own_password
from resolvers.people.sign_in_limits import own_password_limits
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import OPEN
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload, removed_id
from schema.fields.updates import expected_version, given, given_value, may_stay
from schema.people.mutations import PersonPayload
from schema.people.own_passwords import own_password
from schema.people.password_steps import fixed, perform_with_password


@strawberry.input(description="Your new values. Fields that are left out stay as they are.")
class UserUpdateInput:
    expected_version: int = expected_version()
    name: str | None = may_stay("1 to 200 characters.")
    language: str | None = may_stay("A language tag (BCP 47) such as `de` or `de-AT`. Null removes it.")
    time_zone: str | None = may_stay("An IANA name such as `Europe/Berlin`. Null removes it.")


@strawberry.input(description="Your password, because nothing brings you back.")
class UserDeleteInput:
    password: str | None = own_password("Your password.")


@entity(None, carries={})
class UserDeletePayload(Payload):
    """The person that is no more."""

    removed_user_id: strawberry.ID | None = removed_id("person")


@strawberry.type
class ProfileMutation:
    @mutation(OPEN)
    async def user_update(
        self, session: WriteSession, principal: Principal, input: UserUpdateInput
    ) -> PersonPayload:
        """Change your own name, language or time zone. Everybody who sees you as a member sees the new
        values, also in logs of what you did before."""
        command = profile.UserUpdate(
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            language=given(input.language),
            time_zone=given(input.time_zone),
        )
        return payload(PersonPayload, user_id=await profile.update_user(session, principal, command))

    @strawberry.mutation(
        directives=OPEN,
        description="Delete yourself, with your password or a fresh single sign-on. Your memberships, "
        "shares, sessions and known devices end at once. Accounts keep what you made in them, and their "
        "logs show a pseudonym in the place of your name. Your address is free again. Refused with "
        "LAST_OWNER while you are the only owner of an account: hand it over, or close it.",
    )
    async def user_delete(self, info: ContextInfo, input: UserDeleteInput) -> UserDeletePayload:
        principal = principal_of(info)

        async def check(turn: HashingTurn) -> ProvedPassword:
            sessions = info.context.sessions
            return await prove_own_password(sessions, turn, principal, input.password, "password")

        async def write(session: WriteSession, proved: ProvedPassword) -> UserDeletePayload:
            user_id = await delete_person(session, principal, proved)
            return payload(UserDeletePayload, removed_user_id=present(Kind.USER, user_id))

        limits = fixed(own_password_limits(principal))
        return await perform_with_password(info, UserDeletePayload, limits, check, write)
