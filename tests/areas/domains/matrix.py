"""The rows of the matrix for domains."""

from models.base.ids import Kind
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, gated
from tests.world.domains import forget_domains, give_domain, new_name

DOMAIN_READERS = MANAGERS | {"developer"}


async def _domain_add(stage: Stage) -> Values:
    await forget_domains(stage.world, stage.account)
    return {"accountId": stage.account.id, "kind": "SENDING", "name": new_name()}


async def _domain(stage: Stage) -> Values:
    return {"domainId": (await give_domain(stage.world, stage.account)).id}


MUTATIONS = {
    "domainAdd": Mutation("DOMAINS_WRITE", gated("DOMAINS_WRITE", DOMAIN_READERS), _domain_add),
    "domainVerify": Mutation("DOMAINS_WRITE", gated("DOMAINS_WRITE", DOMAIN_READERS), _domain),
    "domainKeyReplace": Mutation("DOMAINS_WRITE", gated("DOMAINS_WRITE", DOMAIN_READERS), _domain),
    "domainRemove": Mutation("DOMAINS_WRITE", gated("DOMAINS_WRITE", DOMAIN_READERS), _domain),
}


ACCOUNT_FIELDS = {
    "domains": ("DOMAINS_READ", DOMAIN_READERS),
}


async def _node(stage: Stage) -> str:
    return (await give_domain(stage.world, stage.account)).id


NODES = {
    Kind.DOMAIN: NodeOf(_node, DOMAIN_READERS),
}
