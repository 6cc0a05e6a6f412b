"""Removing a person from a whole subtree."""

import uuid
from collections.abc import Iterable
from typing import ClassVar

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, UserId, present
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.shares.remove_person import PersonRemoval, remove_person
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, payload
from schema.fields.references import AccountRef


@strawberry.input(description="The person to remove, and from where.")
class PersonRemoveInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account. The person is removed from it and from all accounts below it."
    )
    user_id: strawberry.ID = strawberry.field(
        description="The person, by `User.id`: a member or guest of one of the accounts."
    )
    dry_run: bool = dry_run()


@entity(None, carries={"account_id": Uuid()})
class PersonRemovePayload(AccessPayload):
    """What ended, also for a dry run."""

    dry_runs_tell: ClassVar[tuple[str, ...]] = (
        "removed_member_ids",
        "ended_share_ids",
        "revoked_invitation_ids",
        "working_api_keys",
    )

    account: AccountRef | None = to_one(accounts.of_result)
    removed_member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The ids of the memberships that ended; null if nothing was changed."
    )
    ended_share_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The shares that no longer open the accounts to the person, and those that were offered. "
        "A share that opens accounts elsewhere too keeps these.",
    )
    revoked_invitation_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The invitations to the person's address that were revoked."
    )
    working_api_keys: int | None = strawberry.field(
        default=None,
        description="How many API keys that the person created or adopted still work in the accounts, as far "
        "as you may see keys. `Account.apiKeys(creatorId:)` lists them.",
    )


@strawberry.type
class PersonMutation:
    @mutation(needs(Permission.MEMBERS_WRITE))
    async def person_remove(
        self, session: WriteSession, principal: Principal, input: PersonRemoveInput
    ) -> PersonRemovePayload:
        """Remove a person from an account and all accounts below it at once, with effect from the next
        request: memberships, shares, and what was offered to the person's address. It concerns the accounts
        whose members you may see; you need the permission in each of them, and every permission of the roles
        and shares that end. Nothing is done if the person is the last owner of one of them, or if a role in
        an account above still applies: INHERITED_MEMBER. API keys follow their `whenMakerLosesAccess`.
        Sessions stay, and reach nothing here any more."""
        command = PersonRemoval(
            account_id=account_id(input.account_id),
            user_id=UserId(required(Kind.USER, input.user_id, "userId")),
        )
        done = await remove_person(session, principal, command)
        return payload(
            PersonRemovePayload,
            account_id=done.account_id,
            removed_member_ids=_ids(Kind.MEMBER, (each.id for each in done.ended.memberships)),
            ended_share_ids=_ids(Kind.SHARE, dict.fromkeys(each.share_id for each in done.ended.opened)),
            revoked_invitation_ids=_ids(Kind.INVITATION, (each.id for each in done.ended.invitations)),
            working_api_keys=done.working_keys,
        )


def _ids(kind: Kind, ids: Iterable[uuid.UUID]) -> list[strawberry.ID]:
    return [strawberry.ID(present(kind, id_)) for id_ in ids]
