"""Queries whose statements are counted: each field that takes one is in a query."""

from dataclasses import dataclass

from tests.areas.settings.seen import SETTINGS


@dataclass(frozen=True)
class Shape:
    """A query with `$id` or `$ids`, and how many statements the reference executor takes for it."""

    query: str
    statements: int


def _of_accounts(selection: str, statements: int) -> Shape:
    """Inside of each account of the viewer's list, which itself takes three statements."""
    return Shape(f"{{ viewer {{ accounts(first: 100) {{ nodes {{ {selection} }} }} }} }}", 3 + statements)


_MEMBERS = "members(first: 100, includeInherited: true)"

SHAPES = {
    "viewer": Shape("{ viewer { id hasPassword user { id name email } apiKey { id } } }", 6),
    "accounts": Shape(
        "{ viewer { accounts(first: 100) { totalCount edges { cursor node { id name externalId createdAt "
        "version rightsInheritance } } nodes { id } pageInfo { hasNextPage endCursor } } } }",
        4,
    ),
    "account": Shape("query ($id: ID!) { account(id: $id) { id name } }", 2),
    "node": Shape("query ($id: ID!) { node(id: $id) { id } }", 2),
    "nodes of five kinds": Shape("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", 7),
    "account: leaves": _of_accounts(
        "kind status ownStatus viewerPermissions viewerCan(permission: ACCOUNT_READ)", 5
    ),
    "account: parent": _of_accounts("parent { name }", 1),
    "account: master": _of_accounts("master { name }", 1),
    "account: ancestors": _of_accounts("ancestors { name }", 1),
    "account: subaccounts": _of_accounts("subaccounts(first: 100) { totalCount nodes { id name } }", 2),
    "account: descendants": _of_accounts(
        "subaccounts(first: 100, includeDescendants: true) { edges { cursor node { id } } "
        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }",
        1,
    ),
    "roles": _of_accounts(
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
    "members": _of_accounts(f"{_MEMBERS} {{ totalCount nodes {{ joinedAt expiresAt }} }}", 2),
    "members: leaves": _of_accounts(f"{_MEMBERS} {{ nodes {{ id relation }} }}", 3),
    "members: to one": _of_accounts(
        f"{_MEMBERS} {{ nodes {{ user {{ id name email createdAt }} role {{ name }} account {{ name }} "
        "inheritedFrom { name } } }",
        5,
    ),
    "invitations": _of_accounts(
        "invitations(first: 100) { totalCount nodes { id status lapse role { name } invitedBy { name } "
        "account { name } } }",
        7,
    ),
    "API keys": _of_accounts(
        "apiKeys(first: 100) { totalCount nodes { id permissions role { name } createdBy { name } "
        "account { name } } }",
        6,
    ),
    "API keys: what they are bound to": _of_accounts(
        "apiKeyCreation apiKeys(first: 100) { nodes { purpose ipRanges whenMakerLosesAccess version "
        "adoptedBy { name } previousSecretExpiresAt } }",
        5,
    ),
    "narrowed tokens": Shape(
        "{ viewer { narrowedToken { id } narrowedTokens(first: 100) { totalCount nodes { id audience "
        "permissions accounts { name } user { name } apiKey { name } } } } }",
        9,
    ),
    "API keys: what was narrowed from them": _of_accounts(
        "apiKeys(first: 20) { nodes { narrowedTokens(first: 20) { totalCount nodes { id audience } } } }",
        3,
    ),
    "promises": _of_accounts(
        "accessPromises(first: 2) { totalCount nodes { id permissions exceptionCount roles { name } "
        "madeBy { id } } }",
        6,
    ),
    "access reviews": _of_accounts(
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
        9,
    ),
    "received invitations": Shape(
        "{ viewer { invitations(first: 100) { totalCount nodes { id accountName permissions } } } }", 5
    ),
    "what sign-ins must be": _of_accounts(
        "requiresSecondFactor ownRequiresSecondFactor sessionIdleMinutes sessionMaximumMinutes", 4
    ),
    "single sign-on": _of_accounts(
        "singleSignOn { issuer hasClientSecret signInUrl redirectUrl logoutUrl defaultRole { name } "
        "roles { value role { name } } breakGlassMembers { id } }",
        10,
    ),
    "groups of a directory": _of_accounts(
        "scimGroups(first: 2) { totalCount nodes { id memberCount roles { account { name } "
        "role { name } } } }",
        6,
    ),
    "ghosts": _of_accounts("ghosts(first: 100) { totalCount nodes { reason apiKey { name } } }", 3),
    "shares": _of_accounts(
        "shares(first: 100) { totalCount nodes { id areas hiddenAreas status lapse sharedByName "
        "role { name } user { name } sharedBy { name } } }",
        8,
    ),
    "shares with the viewer": Shape(
        "{ viewer { shares(first: 100) { totalCount nodes { id accounts { name } } } } }", 5
    ),
    "access matrix": _of_accounts(
        "accessMatrix(first: 100) { totalCount nodes { subjectId kind name permissions user { name } "
        "apiKey { name } } }",
        7,
    ),
    "events": _of_accounts(
        "events(first: 100) { totalCount nodes { id type before after reason actorName actor { name } "
        "actingFrom { name } account { name } fromAbove actorTokenId byBreakGlass cursor } }",
        11,
    ),
    "what events tell of access": _of_accounts(
        "eventProof { eventCount head } events(first: 5) { nodes { accessChangeCount "
        "actorApiKey { name } seal { number previousHash hash parts } accessChanges(first: 2) { totalCount "
        "nodes { name kind subjectId account { name } gained lost } } } }",
        9,
    ),
    "what passes down": _of_accounts(
        "parentAccess parentAccessRequest { reason } breakGlassOpenings(first: 100) { totalCount nodes { id "
        "userName user { name } account { name } } }",
        6,
    ),
    "offered ownership": _of_accounts(
        "ownershipOffer { giverName offeredAt expiresAt account { name } toMember { id } fromMember { id } }",
        6,
    ),
    "ownership offered to the viewer": Shape(
        "{ viewer { ownershipOffers(first: 100) { totalCount nodes { expiresAt } } } }", 4
    ),
    "overrides": _of_accounts(
        "overrides(first: 100) { totalCount nodes { id reason status account { name } member { id } "
        "permissions } }",
        6,
    ),
    "what overrides set": _of_accounts(
        "unsubscribeScope sendingDomainLimit fieldFunctions reviewApproved", 4
    ),
    "reviews": _of_accounts("review { id status reason contacts account { name } } reviewApproved", 4),
    "jobs": _of_accounts(
        "jobs(first: 20) { totalCount nodes { progress { done } account { name } "
        "errors(first: 5) { totalCount nodes { line } } } }",
        13,
    ),
    "domains": _of_accounts(
        "domains(first: 5) { totalCount nodes { id account { name } records { name status } } }", 4
    ),
    "a job": Shape("query ($job: ID!) { job(id: $job) { kind progress { total } } }", 4),
    "settings": _of_accounts(SETTINGS, 77),
    "how settings differ": Shape(
        "query ($id: ID!) { settingsDiff(a: $id, b: $id) { a { id } b { id } differences(first: 100) { "
        "totalCount nodes { function a { value origin inheritedFrom { id } copiedFrom { id } copiedAt } "
        "b { value } } } } }",
        6,
    ),
    "requests for subaccounts": _of_accounts(
        "subaccountsRequests(first: 100) { totalCount nodes { id status account { name } } }", 4
    ),
    "what staff see": Shape(
        'query ($id: ID!) { staff { role accounts(search: "Child", first: 20) { totalCount nodes { id } } '
        "requests(first: 20) { totalCount nodes { id accountName } } "
        "waiting(first: 20) { totalCount nodes { id } } "
        "reviews(first: 20) { totalCount nodes { id sample { source } } } "
        "account(id: $id) { id name overrides(first: 20) { totalCount nodes { id status memberId permissions "
        "madeByName } } reviews(first: 20) { totalCount nodes { id status } } } } }",
        19,
    ),
    "credit": _of_accounts("credit { balance reserved currency mode pool { name } }", 6),
    "credit at a moment": _of_accounts('creditAt(moment: "2999-01-01T00:00:00Z")', 1),
    "ledger entries": _of_accounts(
        "ledgerEntries(first: 100) { totalCount nodes { sequence balance amount balanceAfter hash "
        "previousHash createdAt transaction { id kind memo } } }",
        3,
    ),
    "ledger transactions": Shape(
        "query ($id: ID!) { account(id: $id) { ledgerEntries(first: 20) { nodes { transaction "
        "{ entries { amount } } } } } }",
        5,
    ),
    "ledger proof": _of_accounts("ledgerProof { entryCount head balances { kind amount entriesSum } }", 4),
    "payment methods": _of_accounts("paymentMethods(first: 100) { totalCount nodes { id label } }", 2),
    "top-ups": _of_accounts(
        "topUps(first: 100) { totalCount nodes { id amount status paymentMethod { label } "
        "transaction { kind } } }",
        4,
    ),
    "a top-up rule": _of_accounts("topUpRule { threshold amount dailyMaximum paymentMethod { label } }", 2),
    "subscriptions": _of_accounts(
        "subscription { account { name } plan { code price sendPrice } nextPlan { code } timeZone anchorDay "
        "cycleStartsAt cycleEndsAt contactLimit sendLimit contactsUsed sendsUsed }",
        12,
    ),
    "reservations": Shape(
        "query ($reservations: [ID!]!) { nodes(ids: $reservations) { ... on SendReservation "
        "{ id status newContacts account { name } } } }",
        5,
    ),
    "recipient lists": Shape(
        "query ($lists: [ID!]!) { nodes(ids: $lists) { ... on RecipientList { id account { name } } } }", 3
    ),
    "a preview": Shape(
        "query ($id: ID!) { sendPreview(accountId: $id, stream: MARKETING, recipients: []) "
        "{ invoicedAccount { name } } }",
        4,
    ),
    "deliverability": Shape(
        'query ($id: ID!) { deliverability(accountId: $id, addresses: ["ann@example.com"]) '
        "{ exclusions { cause account { name } } } }",
        6,
    ),
    "a block list": Shape(
        "query ($id: ID!) { blockList(accountId: $id, includeInherited: true) "
        "{ nodes { id address inheritedFrom { name } } } }",
        6,
    ),
    "budgets": _of_accounts(
        "sendBudget { cap guarantee used } creditBudget { cap guarantee used } nextOwnPlan { code }", 3
    ),
    "usage": _of_accounts(
        "usage { startsAt endsAt sent warnings actions activeContacts { used limit } "
        "sends { used limit beyond left capLeft } credit { balance } "
        "forecast { runsOutOn contactsRunOutOn sendsRunOutOn creditRunsOutOn } }",
        9,
    ),
    "usage: who sent": _of_accounts(
        "usage { accounts(first: 100) { totalCount nodes { sends account { name } } } }", 4
    ),
    "usage of past cycles": _of_accounts(
        "usageHistory(first: 100) { totalCount nodes { startsAt sent warnings } }", 4
    ),
    "plans": _of_accounts("plans { totalCount nodes { id code } }", 2),
    "who is billed": _of_accounts("billingMode invoicedAccount { name } billingDetails { name }", 3),
    "invoices": _of_accounts(
        "invoices(first: 100) { totalCount nodes { id number total due pdfUrl account { name } "
        "corrects { number } correctedBy { number } } }",
        8,
    ),
    "an invoice": Shape(
        "query ($invoice: ID!) { invoice(id: $invoice) { lines(first: 100) { totalCount nodes { accountName "
        "account { name } } } } }",
        5,
    ),
    "costs": _of_accounts(
        'costs(since: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z") { totalCount nodes { name sends '
        "spentOnSends charged account { name } labels { totalCount nodes { label sends spentOnSends } } } }",
        5,
    ),
    "contacts": _of_accounts(
        "contacts(first: 100) { totalCount nodes { id externalId email phone status attributes createdAt } }",
        20,
    ),
    "contact lists": _of_accounts(
        "contactLists(first: 20) { totalCount nodes { id contacts(first: 5) { totalCount nodes { id } } } } "
        "contactAttributes { name }",
        28,
    ),
    "lists of contacts": _of_accounts(
        "contacts(first: 20) { nodes { lists(first: 5) { totalCount nodes { source list { id } } } } }", 20
    ),
    "unsubscribes and bounces": _of_accounts(
        "unsubscribes(first: 20) { totalCount nodes { contact { email } contactList { name } isOfList } } "
        "bounces(first: 20) { totalCount nodes { contact { email } softBounces latestSoftBounceAt } }",
        40,
    ),
    "templates": _of_accounts(
        "templates(first: 20) { totalCount nodes { id name channel version versions(first: 5) { totalCount "
        "nodes { number subject createdAt } } } }",
        20,
    ),
    "messages": _of_accounts(
        "marketingMessages(first: 20) { totalCount nodes { id recipient events(first: 5) { totalCount "
        "nodes { kind toldAt } } } } "
        "transactionalMessages(first: 20) { totalCount nodes { id recipient } }",
        44,
    ),
    "files of messages": _of_accounts(
        "marketingMessages(first: 5) { nodes { id attachments { name } } }",
        12,
    ),
    "statistics": Shape(
        'query ($id: ID!) { statistics(accountId: $id, since: "2026-01-01", until: "2027-01-01", '
        "by: [ACCOUNT], includeDescendants: true) { nodes { numbers { sent } account { name } } } }",
        8,
    ),
    "campaigns": _of_accounts(
        "campaigns(first: 20) { totalCount nodes { id templateId contactListIds excludedContactListIds "
        "account { name } createdBy { name } sentBy { name } approvedBy { name } } }",
        9,
    ),
    "a campaign": Shape("query ($campaign: ID!) { campaign(id: $campaign) { id } }", 2),
    "webhooks": _of_accounts(
        "webhooks(first: 5) { totalCount nodes { url previousSecretExpiresAt account { name } "
        "apiKey { name } createdBy { name } deliveries(first: 2) { totalCount nodes { isTest nextTryAt "
        "event { id } tries { triedAt } } } } }",
        12,
    ),
    "the past": Shape(
        "query ($id: ID!, $moment: DateTime!) { account(id: $id) { accessKnownSince "
        "accessAt(moment: $moment) { entries(first: 5) { totalCount nodes { name } } } } }",
        7,
    ),
    "sending sources": _of_accounts(
        "sendingSources(first: 20) { totalCount nodes { apiKeyId apiKey { name } canSend bounceRate "
        "complaintRate trialSendsLeft } }",
        8,
    ),
    "sending sources as staff see them": Shape(
        "query ($id: ID!) { staff { account(id: $id) { sendingSources(first: 20) { totalCount nodes { "
        "apiKeyId canSend bounceRate complaintRate trialSendsLeft } } } } }",
        10,
    ),
    "what a template says": Shape(
        "query ($template: ID!, $id: ID!) { templateContent(templateId: $template) { text } "
        "templatePreview(accountId: $id, templateId: $template) { text warnings { name } } }",
        12,
    ),
    "contacts by their ids": Shape(
        "query ($contacts: [ID!]!) { nodes(ids: $contacts) { ... on Contact { id email } "
        "... on Attachment { id } } }",
        10,
    ),
    "a page": _of_accounts(
        f"id name status parent {{ name }} viewerPermissions {_MEMBERS} {{ totalCount nodes {{ id relation "
        "user { name } role { name } } } apiKeys { totalCount nodes { name role { name } } }",
        12,
    ),
}
NEVER_COMPILED = {
    *(
        "nodes of five kinds",
        "a preview",
        "a block list",
        "deliverability",
        "the past",
        "what a template says",
    ),
    *("statistics", "the past"),
}
FAR = {
    *("contacts", "contact lists", "lists of contacts", "contacts by their ids", "jobs"),
    *("unsubscribes and bounces", "templates", "messages", "files of messages"),
}
"""They read the data plane too."""
