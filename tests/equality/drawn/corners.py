"""Documents that have been wrong before, here or in other engines."""

_PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
WHOLE = f"totalCount {_PAGE_INFO} edges {{ cursor node {{ id }} }} nodes {{ name }}"

_LISTS = {
    "nothing but pageInfo": f"accounts {{ {_PAGE_INFO} }}",
    "nothing but pageInfo of a short page": f"accounts(first: 2) {{ {_PAGE_INFO} }}",
    "nothing but one flag": "accounts(last: 3) { pageInfo { hasPreviousPage } }",
    "nothing but totalCount": "accounts { totalCount }",
    "nothing but cursors": "accounts(first: 3, orderBy: NAME_DESC) { edges { cursor } }",
    "nothing but __typename": "accounts { __typename }",
    "nothing but __typename inside": (
        "accounts { edges { __typename } nodes { __typename } pageInfo { __typename } }"
    ),
    "no item": f"accounts(first: 0) {{ {WHOLE} }}",
    "no item, backward": f"accounts(last: 0) {{ {WHOLE} }}",
    "an empty list": f'accounts(search: "nowhere") {{ {WHOLE} }}',
    "the default page": f"accounts {{ {WHOLE} }}",
    "nulls for a page": f"accounts(first: null, after: null, last: 20, before: null) {{ {WHOLE} }}",
    "the longest page, backward": f"accounts(last: 100, orderBy: NAME) {{ {WHOLE} }}",
    "a whole page and no more": f'accounts(first: 24, search: "Leaf ") {{ {WHOLE} }}',
    "two pages of one list": "a: accounts(first: 1) { nodes { id } } b: accounts(last: 1) { nodes { id } }",
    "a list twice, merged": (
        "accounts { totalCount nodes { id } } accounts { nodes { name id } edges { node { kind } } }"
    ),
    "a list in a list": (
        "accounts { nodes { members(first: 1) { nodes { id } } subaccounts(first: 1) { totalCount } } }"
    ),
    "empty lists of all kinds": (
        "accounts { nodes { ancestors { id } subaccounts { totalCount nodes { id } } "
        "invitations { nodes { id } } apiKeys { edges { cursor } } events { pageInfo { endCursor } } } }"
    ),
}

_CONTENT = {
    "every leaf": (
        "accounts { nodes { id externalId name kind status ownStatus rightsInheritance createdAt version "
        "viewerPermissions viewerCan(permission: MEMBERS_WRITE) } }"
    ),
    "denied lists, each for itself": (
        "accounts { nodes { id rightsInheritance subaccounts { totalCount } members { totalCount } "
        "roles { totalCount } invitations { totalCount } apiKeys { totalCount } events { totalCount } } }"
    ),
    "people, down and up": (
        "accounts { nodes { members(includeInherited: true) { nodes { id relation joinedAt expiresAt "
        "user { id name email createdAt } role { name builtIn "
        "policyLines { relation area action effect } account { name } permissions permissionsBelow "
        "permissionsInherited } inheritedFrom { name } account { master { name } ancestors { name } } } } } }"
    ),
    "the log": (
        "accounts { nodes { events { nodes { id type subjectId actorName actor { name } "
        "actingFrom { name } account { name } before after createdAt } } } }"
    ),
    "keys": (
        "accounts { nodes { apiKeys(includeRevoked: true) { nodes { id name lastFour permissions "
        "role { name } createdBy { name } createdAt lastUsedAt expiresAt revokedAt } } } }"
    ),
    "invitations": (
        "accounts { nodes { invitations { nodes { id email status role { name } invitedBy { name } "
        "createdAt expiresAt acceptedAt revokedAt memberExpiresAt } } } }"
    ),
}

_FORMS = {
    "more parts than concat takes": (
        f"accounts {{ nodes {{ {' '.join(f'p{number}: name q{number}: kind' for number in range(60))} }} }}"
    ),
    "to-one, merged": "user { id } user { name user: id } apiKey { id } apiKey { role { name } }",
    "aliases of other fields": "accounts { nodes: totalCount totalCount: nodes { id: name name: id } }",
    "an alias of nothing": "_: id __: __typename",
    "skip wins": "id @include(if: true) @skip(if: true) __typename",
    "nothing is left inside": "user { id @skip(if: true) } accounts { nodes { id @include(if: false) } }",
    "nothing is left of a list": "accounts { nodes @skip(if: true) { id } }",
    "a fragment without a type": "... @include(if: true) { id } ... @skip(if: true) { a: id }",
    "a fragment on the interface": "accounts { nodes { ... on Node { id ... on Account { name } } } }",
}

DOCUMENTS = {
    name: f"{{ viewer {{ {selection} }} }}" for name, selection in (_LISTS | _CONTENT | _FORMS).items()
} | {
    "nothing is left": "{ viewer @skip(if: true) { id } }",
    "the root's own name": "{ __typename a: __typename }",
    "several root fields": "{ a: viewer { id } b: viewer { user { name } apiKey { name } } __typename }",
    "the same fragment twice": (
        "{ viewer { accounts { nodes { ...F ...F parent { ...F } } } } } fragment F on Account { id name }"
    ),
    "denied and merged": (
        "{ viewer { accounts { edges { node { m: members { totalCount } ...F } } } } } "
        "fragment F on Account { m: members { __typename } }"
    ),
}

NODE = (
    "query ($id: ID!) { node(id: $id) { __typename id ... on Account { name parent { id } } "
    "... on User { email } ... on Member { relation user { name } } ... on Role { name } "
    "... on Invitation { email } ... on ApiKey { lastFour } ... on Event { what: type after } } }"
)
ACCOUNT = "query ($id: ID!) { account(id: $id) { name members { nodes { user { name } } } } }"
SEARCH = f"query ($text: String) {{ viewer {{ accounts(search: $text) {{ {WHOLE} }} }} }}"
AFTER = "query ($cursor: String) { viewer { accounts(after: $cursor) { totalCount } } }"
BEFORE = "query ($cursor: String) { viewer { accounts(before: $cursor) { nodes { id } } } }"
TOO_LARGE = (
    "{ viewer { accounts(first: $n) { nodes { subaccounts(first: $n) { nodes { "
    "members(first: $n) { nodes { id } } } } } } } }"
)
