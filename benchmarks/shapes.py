"""Queries of which the first of each shape is looked at: what a front-end asks for as it opens a page."""

import enum

from benchmarks.data import Tree, global_id
from benchmarks.operations import Ask, Operation

_LEVEL = "id name status viewerPermissions"
_PAGED = "pageInfo { hasNextPage endCursor }"
_USAGE = """query Usage($id: ID!) {
  account(id: $id) {
    id
    name
    usage {
      startsAt
      endsAt
      activeContacts { used limit }
      sends { used limit beyond left capLeft }
      credit { balance reserved currency }
      forecast { runsOutOn contactsRunOutOn sendsRunOutOn creditRunsOutOn }
      warnings
      actions
      sent
      accounts(first: 10) { totalCount nodes { sends account { id name } } }
    }
  }
}"""

_ALIAS = "a{}: members(first: {}) {{ nodes {{ user {{ name email }} role {{ name }} }} }}"


class Shape(enum.Enum):
    """What is asked."""

    PAGE = "Page of 20 accounts"
    TREE = "Tree of three levels"
    USAGE = "Usage"
    ALIASES = "50 aliases of one field"

    @property
    def document(self) -> str:
        """The GraphQL document."""
        return _DOCUMENTS[self]


_DOCUMENTS = {
    Shape.PAGE: Operation.PAGE.document,
    Shape.TREE: f"""query Tree($id: ID!) {{
  account(id: $id) {{
    {_LEVEL}
    subaccounts(first: 10) {{ {_PAGED} nodes {{
      {_LEVEL}
      subaccounts(first: 10) {{ {_PAGED} nodes {{
        {_LEVEL}
        members(first: 5) {{ nodes {{ user {{ name }} role {{ name }} }} }}
      }} }}
    }} }}
  }}
}}""",
    Shape.USAGE: _USAGE,
    Shape.ALIASES: "query Aliases($id: ID!) { account(id: $id) { "
    + " ".join(_ALIAS.format(number, number % 5 + 1) for number in range(50))
    + " } }",
}


def ask_of(shape: Shape, tree: Tree) -> Ask:
    """By the owner of the tree, about its master account."""
    return Ask(tree.owner_token, {} if shape is Shape.PAGE else {"id": global_id(tree.account_ids[0])})
