"""Whom accounts write to, what they send, and what became of it."""

from tests.engine.shapes.shape import Shape, of_accounts

_MEMBERS = "members(first: 100, includeInherited: true)"

SENDING_SHAPES = {
    "contacts": of_accounts(
        "contacts(first: 100) { totalCount nodes { id externalId email phone status attributes createdAt } }",
        20,
    ),
    "contact lists": of_accounts(
        "contactLists(first: 20) { totalCount nodes { id contacts(first: 5) { totalCount nodes { id } } } } "
        "contactAttributes { name }",
        28,
    ),
    "lists of contacts": of_accounts(
        "contacts(first: 20) { nodes { lists(first: 5) { totalCount nodes { source list { id } } } } }", 20
    ),
    "unsubscribes and bounces": of_accounts(
        "unsubscribes(first: 20) { totalCount nodes { contact { email } contactList { name } isOfList } } "
        "bounces(first: 20) { totalCount nodes { contact { email } softBounces latestSoftBounceAt } }",
        40,
    ),
    "templates": of_accounts(
        "templates(first: 20) { totalCount nodes { id name channel version versions(first: 5) { totalCount "
        "nodes { number subject createdAt } } } }",
        20,
    ),
    "messages": of_accounts(
        "marketingMessages(first: 20) { totalCount nodes { id recipient events(first: 5) { totalCount "
        "nodes { kind toldAt } } } } "
        "transactionalMessages(first: 20) { totalCount nodes { id recipient } }",
        44,
    ),
    "files of messages": of_accounts(
        "marketingMessages(first: 5) { nodes { id attachments { name } } }",
        12,
    ),
    "statistics": Shape(
        'query ($id: ID!) { statistics(accountId: $id, since: "2026-01-01", until: "2027-01-01", '
        "by: [ACCOUNT], includeDescendants: true) { nodes { numbers { sent } account { name } } } }",
        8,
    ),
    "campaigns": of_accounts(
        "campaigns(first: 20) { totalCount nodes { id templateId contactListIds excludedContactListIds "
        "account { name } createdBy { name } sentBy { name } approvedBy { name } } }",
        9,
    ),
    "a campaign": Shape("query ($campaign: ID!) { campaign(id: $campaign) { id } }", 2),
    "webhooks": of_accounts(
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
    "sending sources": of_accounts(
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
    "a page": of_accounts(
        f"id name status parent {{ name }} viewerPermissions {_MEMBERS} {{ totalCount nodes {{ id relation "
        "user { name } role { name } } } apiKeys { totalCount nodes { name role { name } } }",
        12,
    ),
}
