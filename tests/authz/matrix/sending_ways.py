"""The ways to what belongs to the areas of sending, each with what it needs.

Written by hand from the manual.
"""

FIELDS = {
    "contacts": (
        "contacts(first: 2) { totalCount nodes { id email lists(first: 2) { nodes { source } } } }",
        "CONTACTS_READ",
    ),
    "number": ("contacts { totalCount }", "CONTACTS_READ"),
    "byList": ("contacts(first: 2, list: LIST) { totalCount nodes { id } }", "CONTACTS_READ"),
    "byEmail": ('contacts(first: 2, email: "ada@example.com") { totalCount nodes { id } }', "CONTACTS_READ"),
    "byPrefix": ('contacts(first: 2, emailPrefix: "ada") { totalCount nodes { id } }', "CONTACTS_READ"),
    "byPhone": ('contacts(first: 2, phone: "+4612345678") { totalCount nodes { id } }', "CONTACTS_READ"),
    "byExternalId": ('contacts(first: 2, externalId: "7") { totalCount nodes { id } }', "CONTACTS_READ"),
    "byAttribute": ('contacts(attribute: "country", value: "SE") { totalCount }', "CONTACTS_READ"),
    "byStatus": ("contacts(first: 2, status: UNSUBSCRIBED) { totalCount nodes { status } }", "CONTACTS_READ"),
    "unsubscribes": ("unsubscribes(first: 2) { totalCount nodes { contact { id } } }", "CONTACTS_READ"),
    "bounces": ("bounces(first: 2) { totalCount nodes { contact { id } } }", "CONTACTS_READ"),
    "contactLists": (
        "contactLists(first: 2) { totalCount nodes { id contacts { totalCount } } }",
        "CONTACTS_READ",
    ),
    "listsFound": ('contactLists(first: 2, search: "news") { totalCount nodes { id } }', "CONTACTS_READ"),
    "contactAttributes": ("contactAttributes { name }", "CONTACTS_READ"),
    "jobs": ("jobs(first: 2) { totalCount nodes { id errors { totalCount } } }", "CONTACTS_READ"),
    "domains": ("domains(first: 2) { totalCount nodes { id name records { value } } }", "DOMAINS_READ"),
    "settings": ("settings { senderName { value } language { origin } }", "SETTINGS_READ"),
    "review": ("review { id status }", "SETTINGS_READ"),
    "reviewApproved": ("reviewApproved", "SETTINGS_READ"),
}
"""Of an account: by alias, what is asked, and the permission. Without it: null, and FORBIDDEN with its
name."""

FOUND = " ".join(f"{alias}: {asked}" for alias, (asked, _) in FIELDS.items())

PATHS = {
    "account": "account(id: ACCOUNT) { FOUND }",
    "node": "node(id: ACCOUNT) { ... on Account { FOUND } }",
    "nodes": "nodes(ids: [ACCOUNT]) { ... on Account { FOUND } }",
    "search": "viewer { accounts(first: 2, search: NAME) { nodes { FOUND } } }",
    "edges": "viewer { accounts(first: 2, search: NAME) { edges { node { FOUND } } } }",
}
"""To an account."""

FROM_BELOW = {
    "parent": "account(id: CHILD) { parent { FOUND } }",
    "ancestors": "account(id: CHILD) { ancestors { FOUND } }",
    "subaccount's parent": "node(id: CHILD) { ... on Account { parent { FOUND } } }",
}
"""The same, for who is in the account below, too."""

NODES = {
    "contact": "CONTACTS_READ",
    "list": "CONTACTS_READ",
    "job": "CONTACTS_READ",
    "domain": "DOMAINS_READ",
    "review": "SETTINGS_READ",
}
"""What has an id: null without the permission."""

ROOTS = {
    "block list": ("blockList(accountId: ACCOUNT) { nodes { id } }", ("BLOCK_LIST_READ",), "FORBIDDEN"),
    "block list with those above": (
        "blockList(accountId: ACCOUNT, includeInherited: true) { nodes { id } }",
        ("BLOCK_LIST_READ",),
        "FORBIDDEN",
    ),
    "block list by address": (
        'blockList(accountId: ACCOUNT, address: "bob@example.com") { nodes { id } }',
        ("BLOCK_LIST_READ",),
        "FORBIDDEN",
    ),
    "deliverability": (
        'deliverability(accountId: ACCOUNT, addresses: ["ada@example.com"]) { marketing }',
        ("BLOCK_LIST_READ", "CONTACTS_READ"),
        "FORBIDDEN",
    ),
    "personal data": (
        'personalData(accountId: ACCOUNT, address: "ada@example.com")',
        ("CONTACTS_READ",),
        "FORBIDDEN",
    ),
    "preview of a list": (
        "sendPreview(accountId: ACCOUNT, stream: MARKETING, contactListId: LIST) { recipients }",
        ("CAMPAIGNS_SEND", "CONTACTS_READ"),
        "FORBIDDEN",
    ),
    "job": ("job(id: JOB) { status errors { totalCount } }", ("CONTACTS_READ",), "NOT_FOUND"),
    "settingsDiff": (
        "settingsDiff(a: ACCOUNT, b: ACCOUNT) { differences { totalCount } }",
        ("SETTINGS_READ",),
        "NOT_FOUND",
    ),
}
"""At the root: what is asked, what it needs in this order, and how it is refused."""

MUTATIONS = {
    "contactUpsert": ("CONTACTS_WRITE",),
    "contactUpdate": ("CONTACTS_WRITE",),
    "contactErase": ("CONTACTS_WRITE",),
    "contactListCreate": ("CONTACTS_WRITE",),
    "contactListUpdate": ("CONTACTS_WRITE",),
    "contactListDelete": ("CONTACTS_WRITE",),
    "contactAttributeCreate": ("CONTACTS_WRITE",),
    "contactAttributeDelete": ("CONTACTS_WRITE",),
    "contactImportCancel": ("CONTACTS_WRITE",),
    "unsubscribeReport": ("CONTACTS_WRITE",),
    "bounceReport": ("CONTACTS_WRITE",),
    "resubscribe": ("CONTACTS_WRITE",),
    "blockListAdd": ("BLOCK_LIST_WRITE",),
    "blockListRemove": ("BLOCK_LIST_WRITE",),
    "domainAdd": ("DOMAINS_WRITE",),
    "domainVerify": ("DOMAINS_WRITE",),
    "domainKeyReplace": ("DOMAINS_WRITE",),
    "domainRemove": ("DOMAINS_WRITE",),
    "settingsUpdate": ("SETTINGS_WRITE",),
    "reviewRequest": ("SETTINGS_WRITE",),
    "sendingSourcePause": ("SETTINGS_WRITE",),
    "sendingSourceResume": ("SETTINGS_WRITE",),
}
"""What each needs."""

ELSEWHERE = {
    "settingsCopy": "needs two accounts; below",
    "secondFactorRequire": "of sign-in: tests/areas/second_factor",
    "sessionLimitsUpdate": "of sign-in: tests/areas/sessions",
    "parentAccessUpdate": "of links: tests/areas/parent_access",
    "parentAccessAnswer": "of links: tests/areas/parent_access",
    "parentAccessWithdraw": "of links: tests/areas/parent_access",
}
"""Mutations marked with a permission of these areas that are tried in another place."""
