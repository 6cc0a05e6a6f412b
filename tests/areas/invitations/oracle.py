"""The rows of the area `invitations` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from resolvers.invitations.mail_kinds import INVITATION
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, OFFERED, OWN_ACCESS, Access, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, next_year, unused_address
from tests.equality.drawn import rows
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.world import World

CONSEQUENCES = {
    "memberInvite": does(access=Access.OTHERS, mails={INVITATION}, limited=OFFERED),
    "invitationRevoke": ACCESS_OF_OTHERS,
    "invitationAccept": ACCESS_OF_OTHERS,
    "invitationDecline": OWN_ACCESS,
}


STATUSES = {
    "memberInvite": Row(NEEDS_ACTIVE),
    "invitationRevoke": Row(TAKES_AWAY),
    "invitationDecline": Row(TAKES_AWAY),
    "invitationAccept": Row(NEEDS_ACTIVE, ("newcomer",)),
}


BOUNDS = {
    "invitations": kept("who was invited, shown in the account; limited while they are made"),
}


REMOVES = {
    "invitationRevoke": "invitation.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    role = {"roleId": place.role.id}
    return {
        "memberInvite": account
        | role
        | {"email": unused_address(place), "expiresAt": next_year(), "idempotencyKey": "2"},
        "invitationRevoke": {"invitationId": place.invitation_id},
        "invitationAccept": {"token": None, "invitationId": place.invitation_id},
        "invitationDecline": {"token": None, "invitationId": place.invitation_id},
    }


ID_FIELDS = {
    "invitationId": Kind.INVITATION,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await rows.invitation(world, tree.master, BuiltinRole.ANALYST, tree.owner.person)
