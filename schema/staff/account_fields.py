"""What platform staff decided about an account."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.connections import Connection
from engine.declare.declarations import computed, connection
from models.staff.overrides import UnsubscribeScope
from resolvers.staff import overrides as override_reads
from resolvers.staff import subaccounts_requests
from schema.staff.types import Override, SubaccountsRequest


@strawberry.type
class AccountFields:
    overrides: Connection[Override] | None = connection(
        override_reads.of_account, order=override_reads.BY_ID, requires=Permission.SETTINGS_READ
    )
    unsubscribe_scope: UnsubscribeScope | None = computed(
        override_reads.unsubscribe_scope_of,
        codec=enum_of(UnsubscribeScope),
        requires=Permission.SETTINGS_READ,
    )
    sending_domain_limit: int | None = computed(
        override_reads.sending_domain_limit_of, requires=Permission.SETTINGS_READ
    )
    field_functions: bool | None = computed(
        override_reads.field_functions_of, requires=Permission.SETTINGS_READ
    )
    subaccounts_requests: Connection[SubaccountsRequest] | None = connection(
        subaccounts_requests.of_account,
        order=subaccounts_requests.BY_ID,
        requires=Permission.SUBACCOUNTS_READ,
    )
