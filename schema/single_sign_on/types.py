"""The settings of single sign-on."""

import datetime

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.single_sign_on.tables import (
    SingleSignOnEnforcement,
    single_sign_on_roles,
    single_sign_ons,
)
from resolvers.single_sign_on import reads
from resolvers.single_sign_on.change import MOST_EXCEPTIONS, MOST_ROLES
from schema.fields.references import MemberRef
from schema.roles.types import Role


@entity(
    single_sign_on_roles,
    key=("master_id", "account_id", "value"),
    requires=Permission.SETTINGS_READ,
)
class SingleSignOnRole:
    """A role that people get by what the issuer says of them."""

    value: str = column(description="The value of the claim, such as the name of a group.")
    role: Role | None = to_one(reads.role_of)


@entity(single_sign_ons, key=("master_id", "account_id"), requires=Permission.SETTINGS_READ)
class SingleSignOn:
    """How people of a company sign in with the company's own service (OpenID Connect). The issuer may name
    people with addresses of the master account's verified domains of the kind SIGN_IN, and nobody else."""

    issuer: str = column(description="The issuer's address.")
    client_id: str = column(description="The id under which the issuer knows this platform.")
    has_client_secret: bool = computed(reads.has_secret)
    audience: str | None = column(
        description="The audience of bearer tokens (JWT) of the issuer that the API accepts; null: none."
    )
    enforcement: SingleSignOnEnforcement = column(
        codec=enum_of(SingleSignOnEnforcement), description="Whether passwords still do."
    )
    role_claim: str | None = column(description="The claim of the ID token that names roles.")
    roles: list[SingleSignOnRole] = to_many(reads.roles_of, most=MOST_ROLES)
    default_role: Role | None = to_one(reads.default_role_of)
    break_glass_members: list[MemberRef] = to_many(reads.exceptions_of, most=MOST_EXCEPTIONS)
    sign_in_url: str = computed(reads.sign_in_url)
    redirect_url: str = computed(reads.redirect_url)
    logout_url: str = computed(reads.logout_url)
    created_at: datetime.datetime = column(description="When it was set up.")
