"""What accounts set, and what staff and workers do for them."""

from tests.areas.settings.seen import SETTINGS
from tests.engine.shapes.shape import Shape, of_accounts

WORK_SHAPES = {
    "overrides": of_accounts(
        "overrides(first: 100) { totalCount nodes { id reason status account { name } member { id } "
        "permissions } }",
        6,
    ),
    "what overrides set": of_accounts("unsubscribeScope sendingDomainLimit fieldFunctions reviewApproved", 4),
    "reviews": of_accounts("review { id status reason contacts account { name } } reviewApproved", 4),
    "jobs": of_accounts(
        "jobs(first: 20) { totalCount nodes { progress { done } account { name } "
        "errors(first: 5) { totalCount nodes { line } } } }",
        13,
    ),
    "domains": of_accounts(
        "domains(first: 5) { totalCount nodes { id account { name } records { name status } } }", 4
    ),
    "a job": Shape("query ($job: ID!) { job(id: $job) { kind progress { total } } }", 4),
    "settings": of_accounts(SETTINGS, 77),
    "how settings differ": Shape(
        "query ($id: ID!) { settingsDiff(a: $id, b: $id) { a { id } b { id } differences(first: 100) { "
        "totalCount nodes { function a { value origin inheritedFrom { id } copiedFrom { id } copiedAt } "
        "b { value } } } } }",
        6,
    ),
    "requests for subaccounts": of_accounts(
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
}
