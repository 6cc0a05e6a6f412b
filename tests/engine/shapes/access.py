"""Who there is, and who may do what."""

from tests.engine.shapes.shape import Shape, of_accounts

_MEMBERS = "members(first: 100, includeInherited: true)"

ACCESS_SHAPES = {
    "viewer": Shape("{ viewer { id hasPassword user { id name email } apiKey { id } } }", 6),
    "accounts": Shape(
        "{ viewer { accounts(first: 100) { totalCount edges { cursor node { id name externalId createdAt "
        "version rightsInheritance } } nodes { id } pageInfo { hasNextPage endCursor } } } }",
        4,
    ),
    "account": Shape("query ($id: ID!) { account(id: $id) { id name } }", 2),
    "node": Shape("query ($id: ID!) { node(id: $id) { id } }", 2),
    "nodes of five kinds": Shape("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", 7),
    "account: leaves": of_accounts(
        "kind status ownStatus viewerPermissions viewerCan(permission: ACCOUNT_READ)", 5
    ),
    "account: parent": of_accounts("parent { name }", 1),
    "account: master": of_accounts("master { name }", 1),
    "account: ancestors": of_accounts("ancestors { name }", 1),
    "account: subaccounts": of_accounts("subaccounts(first: 100) { totalCount nodes { id name } }", 2),
    "account: descendants": of_accounts(
        "subaccounts(first: 100, includeDescendants: true) { edges { cursor node { id } } "
        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }",
        1,
    ),
    "roles": of_accounts(
        "roles(first: 4) { totalCount nodes { id name permissions permissionsBelow permissionsInherited "
        "builtIn account { name } policyLines { relation area action effect } } }",
        8,
    ),
    "roles: where they are used": Shape(
        "query ($id: ID!) { account(id: $id) { roles(first: 10) { nodes { uses(first: 100) { totalCount "
        "nodes { subjectId kind name account { name } member { id } invitation { id } apiKey { id } "
        "share { id } } } } } } }",
        12,
    ),
    "members": of_accounts(f"{_MEMBERS} {{ totalCount nodes {{ joinedAt expiresAt }} }}", 2),
    "members: leaves": of_accounts(f"{_MEMBERS} {{ nodes {{ id relation }} }}", 3),
    "members: to one": of_accounts(
        f"{_MEMBERS} {{ nodes {{ user {{ id name email createdAt }} role {{ name }} account {{ name }} "
        "inheritedFrom { name } } }",
        5,
    ),
    "invitations": of_accounts(
        "invitations(first: 100) { totalCount nodes { id status lapse role { name } invitedBy { name } "
        "account { name } } }",
        7,
    ),
    "API keys": of_accounts(
        "apiKeys(first: 100) { totalCount nodes { id permissions role { name } createdBy { name } "
        "account { name } } }",
        6,
    ),
    "API keys: what they are bound to": of_accounts(
        "apiKeyCreation apiKeys(first: 100) { nodes { purpose ipRanges whenMakerLosesAccess version "
        "adoptedBy { name } previousSecretExpiresAt } }",
        5,
    ),
    "narrowed tokens": Shape(
        "{ viewer { narrowedToken { id } narrowedTokens(first: 100) { totalCount nodes { id audience "
        "permissions accounts { name } user { name } apiKey { name } } } } }",
        9,
    ),
    "API keys: what was narrowed from them": of_accounts(
        "apiKeys(first: 20) { nodes { narrowedTokens(first: 20) { totalCount nodes { id audience } } } }",
        3,
    ),
    "promises": of_accounts(
        "accessPromises(first: 2) { totalCount nodes { id permissions exceptionCount roles { name } "
        "madeBy { id } } }",
        6,
    ),
    "access reviews": of_accounts(
        "accessReviews(first: 2) { totalCount nodes { id isOpen waitingCount startedBy { id } account { id } "
        "items(first: 2) { totalCount nodes { id kind unused decision user { id } share { id } "
        "apiKey { id } decidedBy { id } } } } }",
        12,
    ),
    "sessions": Shape(
        "{ viewer { sessions(first: 100) { totalCount nodes { id current client lastSeenAt } } } }", 5
    ),
    "second factors": Shape(
        "{ viewer { secondFactor { proved totp recoveryCodesLeft resetEffectiveAt passkeys { id name } "
        "missingIn(first: 100) { totalCount nodes { accountId name } } } } }",
        11,
    ),
    "the viewer's own": Shape(
        "{ viewer { personalData user { initials } memberships(first: 100) { totalCount nodes { "
        "role { name } account { name } } } } }",
        8,
    ),
    "received invitations": Shape(
        "{ viewer { invitations(first: 100) { totalCount nodes { id accountName permissions } } } }", 5
    ),
    "what sign-ins must be": of_accounts(
        "requiresSecondFactor ownRequiresSecondFactor sessionIdleMinutes sessionMaximumMinutes", 4
    ),
    "single sign-on": of_accounts(
        "singleSignOn { issuer hasClientSecret signInUrl redirectUrl logoutUrl defaultRole { name } "
        "roles { value role { name } } breakGlassMembers { id } }",
        10,
    ),
    "groups of a directory": of_accounts(
        "scimGroups(first: 2) { totalCount nodes { id memberCount roles { account { name } "
        "role { name } } } }",
        6,
    ),
    "ghosts": of_accounts("ghosts(first: 100) { totalCount nodes { reason apiKey { name } } }", 3),
    "shares": of_accounts(
        "shares(first: 100) { totalCount nodes { id areas hiddenAreas status lapse sharedByName "
        "role { name } user { name } sharedBy { name } } }",
        8,
    ),
    "shares with the viewer": Shape(
        "{ viewer { shares(first: 100) { totalCount nodes { id accounts { name } } } } }", 5
    ),
    "access matrix": of_accounts(
        "accessMatrix(first: 100) { totalCount nodes { subjectId kind name permissions user { name } "
        "apiKey { name } } }",
        7,
    ),
    "events": of_accounts(
        "events(first: 100) { totalCount nodes { id type before after reason actorName actor { name } "
        "actingFrom { name } account { name } fromAbove actorTokenId byBreakGlass cursor } }",
        11,
    ),
    "what events tell of access": of_accounts(
        "eventProof { eventCount head } events(first: 5) { nodes { accessChangeCount "
        "actorApiKey { name } seal { number previousHash hash parts } accessChanges(first: 2) { totalCount "
        "nodes { name kind subjectId account { name } gained lost } } } }",
        9,
    ),
    "what passes down": of_accounts(
        "parentAccess parentAccessRequest { reason } breakGlassOpenings(first: 100) { totalCount nodes { id "
        "userName user { name } account { name } } }",
        6,
    ),
    "offered ownership": of_accounts(
        "ownershipOffer { giverName offeredAt expiresAt account { name } toMember { id } fromMember { id } }",
        6,
    ),
    "what promises stand against": of_accounts(
        "invitations(first: 5) { nodes { brokenPromises { id } } } shares(first: 5) { nodes { "
        "brokenPromises { id } } } ownershipOffer { brokenPromises { id } } "
        "parentAccessRequest { brokenPromises { id } }",
        8,
    ),
    "ownership offered to the viewer": Shape(
        "{ viewer { ownershipOffers(first: 100) { totalCount nodes { expiresAt } } } }", 4
    ),
}
