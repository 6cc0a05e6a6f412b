"""Credit, plans, budgets, sends and invoices."""

from tests.engine.shapes.shape import Shape, of_accounts

MONEY_SHAPES = {
    "credit": of_accounts("credit { balance reserved currency mode pool { name } }", 6),
    "credit at a moment": of_accounts('creditAt(moment: "2999-01-01T00:00:00Z")', 1),
    "ledger entries": of_accounts(
        "ledgerEntries(first: 100) { totalCount nodes { sequence balance amount balanceAfter hash "
        "previousHash createdAt transaction { id kind memo } } }",
        3,
    ),
    "ledger transactions": Shape(
        "query ($id: ID!) { account(id: $id) { ledgerEntries(first: 20) { nodes { transaction "
        "{ entries { amount } } } } } }",
        5,
    ),
    "ledger proof": of_accounts("ledgerProof { entryCount head balances { kind amount entriesSum } }", 4),
    "payment methods": of_accounts("paymentMethods(first: 100) { totalCount nodes { id label } }", 2),
    "top-ups": of_accounts(
        "topUps(first: 100) { totalCount nodes { id amount status paymentMethod { label } "
        "transaction { kind } } }",
        4,
    ),
    "a top-up rule": of_accounts("topUpRule { threshold amount dailyMaximum paymentMethod { label } }", 2),
    "subscriptions": of_accounts(
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
    "budgets": of_accounts(
        "sendBudget { cap guarantee used } creditBudget { cap guarantee used } nextOwnPlan { code }", 3
    ),
    "usage": of_accounts(
        "usage { startsAt endsAt sent warnings actions activeContacts { used limit } "
        "sends { used limit beyond left capLeft } credit { balance } "
        "forecast { runsOutOn contactsRunOutOn sendsRunOutOn creditRunsOutOn } }",
        9,
    ),
    "usage: who sent": of_accounts(
        "usage { accounts(first: 100) { totalCount nodes { sends account { name } } } }", 4
    ),
    "usage of past cycles": of_accounts(
        "usageHistory(first: 100) { totalCount nodes { startsAt sent warnings } }", 4
    ),
    "plans": of_accounts("plans { totalCount nodes { id code } }", 2),
    "who is billed": of_accounts("billingMode invoicedAccount { name } billingDetails { name }", 3),
    "invoices": of_accounts(
        "invoices(first: 100) { totalCount nodes { id number total due pdfUrl account { name } "
        "corrects { number } correctedBy { number } } }",
        8,
    ),
    "an invoice": Shape(
        "query ($invoice: ID!) { invoice(id: $invoice) { lines(first: 100) { totalCount nodes { accountName "
        "account { name } } } } }",
        5,
    ),
    "costs": of_accounts(
        'costs(since: "2020-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z") { totalCount nodes { name sends '
        "spentOnSends charged account { name } labels { totalCount nodes { label sends spentOnSends } } } }",
        5,
    ),
}
