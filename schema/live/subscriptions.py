"""The fields of Subscription. The server reads them where Query has them (see `schema.live.roots`)."""

from typing import Annotated

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.paging import DEFAULT_PAGE, LONGEST_PAGE
from resolvers.effects.event_types import EventType
from schema.audit.types import Event
from schema.campaigns.types import Campaign
from schema.contacts.job_types import ContactJob
from schema.fields.marks import needs
from schema.usage.types import Usage

_AccountId = Annotated[strawberry.ID, strawberry.argument(description="The account.")]


def _read_elsewhere() -> AssertionError:
    return AssertionError("a subscription's field is read where Query has it")


@strawberry.type
class LiveSubscription:
    @strawberry.field(
        directives=needs(Permission.AUDIT_READ),
        description="The account's changes, as they are made: pages of `Account.events`, oldest first, each "
        "as soon as it has something. None is left out and none comes twice. To go on after an interruption, "
        "give the last page's `pageInfo.endCursor` as `after`.",
    )
    def events(
        self,
        account_id: _AccountId,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Begin with what follows this cursor, a `pageInfo.endCursor` of a page of "
                "events. Without one, with what is changed from now on."
            ),
        ] = None,
        types: Annotated[
            list[EventType] | None,
            strawberry.argument(
                description="Only events of these types. An empty list stands for all types."
            ),
        ] = None,
        include_descendants: Annotated[
            bool,
            strawberry.argument(
                description="Also events of the accounts below, of those where you have AUDIT_READ."
            ),
        ] = False,
        first: Annotated[
            int, strawberry.argument(description=f"The most events of one page, 1 to {LONGEST_PAGE:,}.")
        ] = DEFAULT_PAGE,
    ) -> Connection[Event] | None:
        raise _read_elsewhere()

    @strawberry.field(
        directives=needs(Permission.STATISTICS_READ),
        description="The account's usage in the current billing cycle: as it is now, and then whenever it "
        "has changed, at most once a second.",
    )
    def usage(self, account_id: _AccountId) -> Usage | None:
        raise _read_elsewhere()

    @strawberry.field(
        directives=needs(Permission.CONTACTS_READ),
        description="A job: as it is now, and then whenever it has changed, at most once a second, until it "
        "is over.",
    )
    def job(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="The job's id.")]
    ) -> ContactJob | None:
        raise _read_elsewhere()

    @strawberry.field(
        directives=needs(Permission.CAMPAIGNS_READ),
        description="A campaign: as it is now, and then whenever it has changed, at most once a second, "
        "until all is done or it is canceled.",
    )
    def campaign(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="The campaign's id.")]
    ) -> Campaign | None:
        raise _read_elsewhere()
