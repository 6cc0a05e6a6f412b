"""What the oracle asks of what watches over access. The documents are the same for every viewer."""

_FIELDS = """
  id requiresSecondFactor ownRequiresSecondFactor
  accessPromises(first: 20) { totalCount nodes { id permissions roles { id } exceptionCount madeBy { id } } }
  accessReviews(first: 5) { totalCount nodes {
    id isOpen waitingCount account { id } startedBy { id }
    items(first: 20) { nodes {
      id kind user { id } share { id } apiKey { id } decision decidedBy { id }
    } }
  } }
  scimGroups(first: 5) { totalCount nodes {
    id displayName memberCount roles { account { id } role { id } }
  } }
"""

ALL_WATCHED = f"""query {{ viewer {{
  secondFactor {{ proved totp passkeys {{ id }} missingIn(first: 50) {{ nodes {{ accountId }} }} }}
  accounts(first: 20) {{ nodes {{ {_FIELDS} }} }}
}} }}"""
"""Of all accounts within reach, and the viewer's own factors."""

WATCHED = f"query ($id: ID!) {{ account(id: $id) {{ {_FIELDS} }} }}"
"""Of one."""

WATCHED_STATE = """
{ viewer { accounts(first: 20) { nodes {
  id ownRequiresSecondFactor
  accessPromises(first: 20) { nodes { id endedAt } }
  accessReviews(first: 5) { nodes { id isOpen waitingCount items(first: 20) { nodes { id decision } } } }
  scimGroups(first: 5) { nodes { id memberCount roles { account { id } role { id } } } }
} } } }
"""
"""All of it that writes may change, of all accounts of a viewer."""
