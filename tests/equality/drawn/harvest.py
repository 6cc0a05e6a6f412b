"""What the server gives out: the cursors of every list in every order, and each viewer's own ids."""

from collections.abc import Mapping
from typing import Any

from resolvers.accounts.reads import AccountOrder
from server.graphql.runner import OperationRunner
from tests.equality.drawn.answers import Answer, compiled
from tests.equality.drawn.operations import operation
from tests.equality.drawn.scene import VIEWERS, Scene
from tests.equality.drawn.vocabulary import Vocabulary, tag_of

_LISTS = (
    "members(includeInherited: true)",
    "roles",
    "invitations",
    "apiKeys(includeRevoked: true)",
    "events",
    "shares",
    "breakGlassOpenings",
    "overrides",
    "subaccountsRequests",
    "paymentMethods",
    "topUps",
    "plans",
    "invoices",
    "contacts",
    'contacts(first: 5, emailPrefix: "a")',
    "contactLists(first: 3)",
    "templates(first: 3)",
    *(f"subaccounts(orderBy: {order.name})" for order in AccountOrder),
)
_EDGES = "edges { cursor node { id } }"
_INNER = " ".join(f"l{number}: {text} {{ {_EDGES} }}" for number, text in enumerate(_LISTS))
_USES = "uses: roles { nodes { uses(first: 2) { edges { cursor } } } }"
_LISTED = "listed: contacts(first: 3) { nodes { lists(first: 2) { edges { cursor } } } }"
_WRITTEN = "written: templates(first: 2) { nodes { versions(first: 2) { edges { cursor } } } }"
_LEFT = "unsubscribes(first: 4) { edges { cursor } } bounces(first: 4) { edges { cursor } }"
_GHOSTS = "ghosts { edges { cursor } } accessMatrix { edges { cursor } } ledgerEntries { edges { cursor } }"
_USAGE = "usageHistory { edges { cursor } } usage { accounts { edges { cursor } } }"
_COSTS = (
    'costs(since: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z") { edges { cursor node { '
    "labels(first: 3) { edges { cursor } } } } }"
)
_BILLED = f"{_COSTS} billed: invoices {{ nodes {{ lines {{ edges {{ cursor }} }} }} }}"
_SHARES = f"shares {{ {_EDGES} }}"
_STAFF = f"staff {{ requests {{ {_EDGES} }} waiting {{ {_EDGES} }} }}"
_VIEWER = (
    f"viewer {{ id {_SHARES} narrowedTokens {{ {_EDGES} }} "
    f"ownershipOffers {{ edges {{ cursor }} }} accounts(first: 100) {{ {_EDGES} "
    f"nodes {{ {_INNER} {_LISTED} {_WRITTEN} {_LEFT} {_USES} {_GHOSTS} {_USAGE} {_BILLED} }} }} "
    "}"
)
_SENDING = (
    f"marketingMessages(first: 3) {{ {_EDGES} nodes {{ events(first: 2) {{ edges {{ cursor }} }} }} }} "
    f"transactionalMessages(first: 3) {{ {_EDGES} }} campaigns(first: 3) {{ {_EDGES} }} "
    "sendingSources(first: 2) { edges { cursor } } accessPromises(first: 2) { edges { cursor } } "
    "accessReviews(first: 2) { edges { cursor } nodes { items(first: 2) { edges { cursor } } } }"
)
_SIGN_INS = (
    f"sessions {{ {_EDGES} }} invitations {{ {_EDGES} }} memberships {{ {_EDGES} }} "
    "secondFactor { passkeys { id } missingIn { edges { cursor } } } "
    f"accounts(first: 100) {{ nodes {{ scimGroups {{ {_EDGES} }} }} }}"
)
_ASKED = (
    f"{{ {_VIEWER} {_STAFF} }}",
    f"{{ viewer {{ accounts(first: 100) {{ nodes {{ {_SENDING} }} }} }} }}",
    f"{{ viewer {{ {_SIGN_INS} }} }}",
)
"""In several operations: one of all would cost too much."""


async def harvest(executor: OperationRunner, scene: Scene) -> Mapping[str, Vocabulary]:
    """What each viewer's arguments are made of."""
    answers = {name: [await _ask(executor, scene, name, asked) for asked in _ASKED] for name in VIEWERS}
    cursors: dict[str, dict[str, None]] = {}
    for given in answers.values():
        for text in (text for answer in given for text in _found(answer.data, "cursor")):
            cursors.setdefault(tag_of(text), {})[text] = None
    by_tag = {tag: tuple(texts) for tag, texts in cursors.items()}
    return {
        name: Vocabulary(
            scene.ids,
            tuple(dict.fromkeys(text for answer in given for text in _found(answer.data, "id"))),
            scene.searches,
            by_tag,
        )
        for name, given in answers.items()
    }


async def _ask(executor: OperationRunner, scene: Scene, viewer: str, asked: str) -> Answer:
    answer = await compiled(executor, operation(asked), scene.callers[viewer])
    assert answer is not None
    return answer


def _found(value: Any, key: str) -> list[str]:
    """The texts under the key, in their order."""
    if not isinstance(value, (tuple, list)):
        return []
    if len(value) == 2 and value[0] == key and isinstance(value[1], str):
        return [value[1]]
    return [text for item in value for text in _found(item, key)]
