"""What the oracle asks. The documents are the same for every viewer; only ids are put in."""

VIEWER = """
query ($search: String!) { viewer {
  id user { id } apiKey { id } narrowedToken { id }
  accounts(first: 100) { totalCount nodes { id } edges { node { id } } }
  byName: accounts(first: 100, orderBy: NAME_DESC) { nodes { id } }
  masters: accounts(first: 100, kind: MASTER) { totalCount nodes { id } }
  subaccounts: accounts(first: 100, kind: SUBACCOUNT) { totalCount nodes { id } }
  active: accounts(first: 100, status: ACTIVE) { totalCount nodes { id } }
  suspended: accounts(first: 100, status: SUSPENDED) { totalCount nodes { id } }
  closed: accounts(first: 100, status: CLOSED) { totalCount nodes { id } }
  found: accounts(first: 100, search: $search) { totalCount nodes { id } }
  memberships(first: 100) { totalCount nodes { id account { id } role { id } } }
  invitations(first: 100) { totalCount nodes { id } }
  shares(first: 100) {
    totalCount nodes { id role { id } hiddenAreas accounts { id } user { id } sharedBy { id } }
  }
  narrowedTokens(first: 100) { totalCount nodes { id permissions accounts { id } } }
} }
"""

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

NODE = "query ($id: ID!) { node(id: $id) { id } }"

_FIELDS = """
  id name kind status ownStatus externalId parentAccess
  parent { id } master { id } ancestors { id }
  viewerPermissions viewerCan(permission: $permission)
  rightsInheritance apiKeyCreation unsubscribeScope sendingDomainLimit fieldFunctions reviewApproved
  parentAccessRequest { parentAccess }
  subaccounts(first: 50) { totalCount nodes { id } }
  descendants: subaccounts(first: 50, includeDescendants: true) { totalCount nodes { id } }
  found: subaccounts(first: 50, includeDescendants: true, search: $search) { totalCount nodes { id } }
  inactive: subaccounts(first: 50, includeDescendants: true, status: SUSPENDED) { totalCount nodes { id } }
  members(first: 50) { totalCount nodes { id user { id email } role { id } account { id } } }
  everybody: members(first: 50, includeInherited: true) {
    totalCount nodes { user { id } role { id } relation inheritedFrom { id } }
  }
  ofRole: members(first: 50, roleId: $role) { totalCount nodes { id } }
  membersBelow: members(first: 100, includeDescendants: true) { totalCount nodes { id account { id } } }
  invitations(first: 50) { totalCount nodes { id status invitedBy { id } } }
  pending: invitations(first: 50, status: PENDING) { totalCount nodes { id } }
  invitationsBelow: invitations(first: 100, includeDescendants: true) { totalCount nodes { id } }
  shares(first: 10) { totalCount nodes { id status accounts { id } user { id } sharedBy { id } } }
  active: shares(first: 10, status: ACTIVE) { totalCount nodes { id } }
  sharesBelow: shares(first: 100, includeDescendants: true) { totalCount nodes { id } }
  roles(first: 50) { totalCount nodes { id account { id } permissions permissionsBelow } }
  apiKeys(first: 50) { totalCount nodes { id } }
  allKeys: apiKeys(first: 50, includeRevoked: true) {
    totalCount nodes { id permissions createdBy { id } adoptedBy { id } account { id } role { id } }
  }
  keysBelow: apiKeys(first: 100, includeDescendants: true, includeRevoked: true) { totalCount nodes { id } }
  ghosts(first: 50) { totalCount nodes { reason apiKey { id } } }
  accessMatrix(first: 50) { totalCount nodes { subjectId permissions apiKey { id } user { id } } }
  events(first: 50) {
    totalCount nodes { id type fromAbove actor { id } actingFrom { id } account { id } before after }
  }
  creations: events(first: 50, types: ACCOUNT_CREATED) { totalCount nodes { id } }
  eventsBelow: events(first: 50, includeDescendants: true, types: [ACCOUNT_CREATED]) {
    totalCount nodes { id account { id } }
  }
  breakGlassOpenings(first: 50) { totalCount nodes { id user { id } } }
  overrides(first: 50) { totalCount nodes { id } }
  subaccountsRequests(first: 50) { totalCount nodes { id } }
"""

_VARIABLES = "$permission: Permission!, $search: String!, $role: ID!"

ACCOUNTS = f"query ({_VARIABLES}) {{ viewer {{ accounts(first: 20) {{ nodes {{ {_FIELDS} }} }} }} }}"
"""Everything about all accounts within reach."""

ACCOUNT = f"query ($id: ID!, {_VARIABLES}) {{ account(id: $id) {{ {_FIELDS} }} }}"
"""Everything about one."""

BARE = "query ($id: ID!) { account(id: $id) { id } }"

STATE = """
{ viewer { accounts(first: 50) { nodes {
  id version name ownStatus parentAccess rightsInheritance
  parentAccessRequest { parentAccess }
  members(first: 100) { nodes { id version role { id } expiresAt } }
  invitations(first: 100) { nodes { id status } }
  shares(first: 100) { nodes { id status version } }
  apiKeys(first: 100, includeRevoked: true) { nodes { id version revokedAt } }
  roles(first: 100) { nodes { id version permissions } }
  subaccounts(first: 0) { totalCount }
  breakGlassOpenings(first: 100) { nodes { id endedAt } }
  events(first: 100) { totalCount nodes { id type before after } }
} } } }
"""
"""All that writes may change, of all accounts of a viewer: who sees all of an account knows its state."""
