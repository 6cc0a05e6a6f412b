"""Mutations of single sign-on."""

import datetime
import uuid
from typing import TypeVar

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, MembershipId
from models.single_sign_on.tables import SingleSignOnEnforcement
from resolvers.accounts import reads as accounts
from resolvers.effects.attempts import Limit, place_of
from resolvers.inputs.global_ids import required
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.members.change import membership_id_of
from resolvers.single_sign_on import change, sessions
from resolvers.single_sign_on.settings import RoleOfClaim
from schema.fields.context import Context, ContextInfo
from schema.fields.ids import account_id
from schema.fields.marks import ANYBODY, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, converted, expected_version, given, given_value, may_stay
from schema.fields.writes import perform
from schema.people.mutations import OF_THE_DEVICE, SignInPayload

T = TypeVar("T")

_CODES_FROM_A_PLACE = 60
_WINDOW = datetime.timedelta(minutes=15)


@strawberry.input(description="A value of the claim, and the role that it gives in the master account.")
class SingleSignOnRoleInput:
    value: str = strawberry.field(description="The value, such as the name of a group: 1 to 200 characters.")
    role_id: strawberry.ID = strawberry.field(description="Any role but OWNER.")


@strawberry.input(
    description="The settings of single sign-on. Fields that are left out stay as they are. The first time, "
    "`issuer` and `clientId` are required."
)
class SingleSignOnUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A master account.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    issuer: str | None = may_stay(
        "The issuer's address, such as https://login.example.com, as its tokens have it. Below it the issuer "
        "publishes `/.well-known/openid-configuration`. Another issuer ends all sessions of the old one."
    )
    client_id: str | None = may_stay("The id that the issuer gave: 1 to 200 characters.")
    client_secret: str | None = may_stay(
        "The secret that the issuer gave: up to 500 characters. It is stored encrypted. Null for none."
    )
    audience: str | None = may_stay(
        "The audience of the issuer's bearer tokens that the API shall accept. It differs from the client "
        "id. Null: no bearer token is accepted."
    )
    enforcement: SingleSignOnEnforcement | None = may_stay(
        "With REQUIRED, sessions that a password has opened end for people of the sign-in domains."
    )
    role_claim: str | None = may_stay(
        "The claim of the ID token that names roles, such as groups: a text or a list of texts. Null for "
        "none."
    )
    roles: list[SingleSignOnRoleInput] | None = may_stay(
        "Up to 100 values of the claim. Of several that fit, the first one counts. At each sign-in the "
        "person gets this role in the master account, unless the person owns it. Null for none."
    )
    default_role_id: strawberry.ID | None = may_stay(
        "The role of people who are no members yet, and to whom the claim gives none. Null: they are not let "
        "in."
    )
    break_glass_member_ids: list[strawberry.ID] | None = may_stay(
        "Up to 10 owners of the account who may always use a password. REQUIRED needs at least one. Null for "
        "none."
    )


@strawberry.input(description="The master account whose single sign-on ends.")
class SingleSignOnRemoveInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")


@strawberry.input(description="The code of a sign-in.")
class SingleSignOnCompleteInput:
    code: str = strawberry.field(
        description="What stood behind the `#` when the browser came back. It is valid for a minute, once."
    )
    verifier: str = strawberry.field(
        description="The random text whose SHA-256 the page has sent to `/sso/start` as `challenge`. So the "
        "code opens a session only in the page that has begun."
    )
    device_token: str | None = strawberry.field(default=None, description=OF_THE_DEVICE)


@entity(None, carries={"account_id": Uuid()})
class SingleSignOnPayload(Payload):
    """The account and its single sign-on."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class SingleSignOnMutation:
    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def single_sign_on_update(
        self, session: WriteSession, principal: Principal, context: Context, input: SingleSignOnUpdateInput
    ) -> SingleSignOnPayload:
        """Set up single sign-on of a master account, or change it. Only owners can, because the issuer signs
        in everybody with an address of the sign-in domains, also owners."""
        command = change.SingleSignOnUpdate(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            issuer=given_value(input.issuer, "issuer"),
            client_id=given_value(input.client_id, "clientId"),
            client_secret=given(input.client_secret),
            audience=given(input.audience),
            enforcement=given_value(input.enforcement, "enforcement"),
            role_claim=given(input.role_claim),
            roles=converted(_listed(input.roles), _roles),
            default_role_id=_default_role(given(input.default_role_id)),
            exceptions=converted(_listed(input.break_glass_member_ids), _members),
        )
        deployment = context.deployment
        requests = deployment.issuers.requests
        account = await change.update_single_sign_on(
            session, principal, command, requests, deployment.keyring
        )
        return payload(SingleSignOnPayload, account_id=account.account_id)

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def single_sign_on_remove(
        self, session: WriteSession, principal: Principal, input: SingleSignOnRemoveInput
    ) -> SingleSignOnPayload:
        """End single sign-on of a master account, and all sessions that it has opened. Members stay members.
        People without a password set one with `passwordResetRequest`."""
        account = await change.remove_single_sign_on(session, principal, account_id(input.account_id))
        return payload(SingleSignOnPayload, account_id=account.account_id)

    @strawberry.mutation(
        directives=ANYBODY,
        description="Open the session of a person who has signed in with a company's own service, and came "
        "back from `/sso/start` with a code.",
    )
    async def single_sign_on_complete(
        self, info: ContextInfo, input: SingleSignOnCompleteInput
    ) -> SignInPayload:
        async def write(session: WriteSession) -> SignInPayload:
            client = info.context.client
            done = await sessions.complete(session, input.code, input.verifier, client, input.device_token)
            return payload(
                SignInPayload,
                user_id=done.user_id,
                token=done.token,
                expires_at=done.expires_at,
                device_token=done.device_token,
            )

        place = f"single sign-on codes from {place_of(info.context.client_address)}"
        limit = Limit(subject=place, most=_CODES_FROM_A_PLACE, window=_WINDOW, failures_only=True)
        return await perform(info, SignInPayload, write, [limit])


def _listed(values: list[T] | None) -> list[T] | Unchanged:
    """Null is an empty list."""
    found = given(values)
    return [] if found is None else found


def _roles(values: list[SingleSignOnRoleInput]) -> tuple[RoleOfClaim, ...]:
    return tuple(
        RoleOfClaim(value=each.value, role_id=required(Kind.ROLE, each.role_id, "roles")) for each in values
    )


def _default_role(value: strawberry.ID | Unchanged | None) -> uuid.UUID | Unchanged | None:
    if value is None or value is UNCHANGED:
        return value
    return required(Kind.ROLE, value, "defaultRoleId")


def _members(values: list[strawberry.ID]) -> list[MembershipId]:
    return [membership_id_of(each, "breakGlassMemberIds") for each in values]
