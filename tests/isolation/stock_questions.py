"""What the oracle asks of what accounts write with. The documents are the same for every viewer."""

_FEW = """
  id
  contacts(first: 20) { totalCount nodes { id email lists(first: 5) { nodes { list { id } } } } }
  domains(first: 20) { totalCount nodes { id name account { id } } }
  settings { senderName {
    value ownValue origin isLocked locksBelow inheritedFrom { id } lockedBy { id }
  } }
"""

_FIELDS = f"""
  {_FEW}
  byEmail: contacts(first: 20, email: $email) {{ totalCount nodes {{ id }} }}
  byPrefix: contacts(first: 20, emailPrefix: $prefix) {{ totalCount nodes {{ id }} }}
  inList: contacts(first: 20, list: $list) {{ totalCount nodes {{ id }} }}
  contactLists(first: 20) {{
    totalCount nodes {{ id contacts(first: 20) {{ totalCount nodes {{ id email }} }} }}
  }}
  contactAttributes {{ name }}
  jobs(first: 20) {{ totalCount nodes {{ id account {{ id }} }} }}
  review {{ id status contacts account {{ id }} }}
"""
_VARIABLES = "$email: String!, $prefix: String!, $list: ID!"

STOCKS = f"query ({_VARIABLES}) {{ viewer {{ accounts(first: 20) {{ nodes {{ {_FIELDS} }} }} }} }}"
"""Of all accounts within reach."""

STOCK = f"query ($id: ID!, {_VARIABLES}) {{ account(id: $id) {{ {_FIELDS} }} }}"
"""Of one."""

AROUND = f"""query ($id: ID!) {{ account(id: $id) {{
  parent {{ {_FEW} }} master {{ {_FEW} }} ancestors {{ {_FEW} }}
}} }}"""
"""Of the accounts above one."""

ROOTS = """
query (
  $id: ID!, $other: ID!, $addresses: [String!]!, $known: String!, $foreign: String!, $job: ID!
) {
  own: blockList(accountId: $id, first: 100) { nodes { ...Entry } }
  whole: blockList(accountId: $id, includeInherited: true, first: 100) { nodes { ...Entry } }
  one: blockList(accountId: $id, includeInherited: true, address: $known) { nodes { ...Entry } }
  deliverability(accountId: $id, addresses: $addresses) {
    marketing transactional exclusions { cause isInherited account { id } liftedBy }
  }
  personalData(accountId: $id, address: $foreign)
  job(id: $job) { id account { id } }
  settingsDiff(a: $id, b: $other) {
    a { id } b { id } differences(first: 20) { nodes { setting a { value } b { value } } }
  }
}
fragment Entry on BlockListEntry {
  id address hash source enteredById isInherited inheritedFrom { id }
}
"""
"""What is asked for at the root."""

ENTRIES = "query ($id: ID!) { blockList(accountId: $id, first: 100) { nodes { id } } }"
