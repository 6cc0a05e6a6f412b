"""A directory."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.domains.tables import DomainKind
from tests.areas.scim.directory import Directory
from tests.client.api import Api
from tests.world.domains import give_domain
from tests.world.world import World


@pytest.fixture
async def directory(api: Api, world: World) -> Directory:
    account = await world.account(name="Company")
    owner = await world.member(account, BuiltinRole.OWNER)
    domain = await give_domain(world, account, kind=DomainKind.SIGN_IN, verified=True)
    return Directory(api, world, account, owner, await world.api_key(account), domain)
