"""What the oracle asks of what accounts write with. The documents are the same for every viewer."""

from tests.isolation.model import Stock
from tests.isolation.sight import Json

_FEW = """
  id
  contacts(first: 20) { totalCount nodes { id email lists(first: 5) { nodes { list { id } } } } }
  domains(first: 20) { totalCount nodes { id name account { id } } }
  webhooks(first: 20) { totalCount nodes { id url account { id } } }
  settings { senderName {
    value ownValue origin isLocked locksBelow inheritedFrom { id } lockedBy { id }
  } }
"""

_FIELDS = f"""
  {_FEW}
  byEmail: contacts(first: 20, email: $email) {{ totalCount nodes {{ id }} }}
  byPrefix: contacts(first: 20, emailPrefix: $prefix) {{ totalCount nodes {{ id }} }}
  byExternalId: contacts(first: 20, externalId: $externalId) {{ totalCount nodes {{ id }} }}
  byAttribute: contacts(first: 20, attribute: "tier", value: $value) {{ totalCount nodes {{ id }} }}
  inList: contacts(first: 20, list: $list) {{ totalCount nodes {{ id }} }}
  contactLists(first: 20) {{
    totalCount nodes {{ id contacts(first: 20) {{ totalCount nodes {{ id email }} }} }}
  }}
  listsFound: contactLists(first: 20, search: $listName) {{ totalCount nodes {{ id }} }}
  contactAttributes {{ name }}
  jobs(first: 20) {{ totalCount nodes {{ id account {{ id }} }} }}
  review {{ id status contacts account {{ id }} }}
  templates(first: 20) {{ totalCount nodes {{ id name versions(first: 5) {{ nodes {{ number }} }} }} }}
  templatesFound: templates(first: 20, namePrefix: $templateName) {{ totalCount nodes {{ id }} }}
"""
_VARIABLES = (
    "$email: String!, $prefix: String!, $externalId: String!, $value: String!, $list: ID!, "
    "$listName: String!, $templateName: String!"
)


def filters(wanted: Stock) -> Json:
    """The variables of STOCKS and STOCK that ask for what somebody has."""
    return {
        "email": wanted.email,
        "prefix": wanted.email[:-1],
        "externalId": wanted.external_id,
        "value": wanted.value,
        "list": wanted.list_id,
        "listName": wanted.list_name,
        "templateName": wanted.template_name,
    }


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
  $id: ID!, $other: ID!, $addresses: [String!]!, $known: String!, $foreign: String!, $job: ID!,
  $list: ID!, $otherList: ID!, $template: ID!, $contact: ID!, $otherTemplate: ID!, $otherContact: ID!
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
  sendPreview(accountId: $id, stream: MARKETING, contactListId: $list) {
    recipients blocked unsubscribed bounced
  }
  templateContent(templateId: $template) { text }
  templatePreview(accountId: $id, templateId: $template, contactId: $contact) { text }
  strangeTemplate: templatePreview(accountId: $id, templateId: $otherTemplate) { text }
  strangeContact: templatePreview(
    accountId: $id, parts: { channel: SMS, text: "{{ contact.email }}" }, contactId: $otherContact
  ) { text }
  strange: sendPreview(accountId: $id, stream: MARKETING, contactListId: $otherList) { recipients }
}
fragment Entry on BlockListEntry {
  id address hash source enteredById isInherited inheritedFrom { id }
}
"""
"""What is asked for at the root."""

STOCK_STATE = """
{ viewer { accounts(first: 20) { nodes {
  id
  contacts(first: 20) { nodes { id version } }
  contactLists(first: 20) { nodes { id version contacts(first: 0) { totalCount } } }
  contactAttributes { name }
  jobs(first: 20) { nodes { id status } }
  domains(first: 20) { nodes { id status checkDueAt } }
  webhooks(first: 20) { nodes { id status version deliveries(first: 5) { nodes { id } } } }
  settings { senderName { ownValue locksBelow } }
  review { id status }
  templates(first: 20) { nodes { id name version } }
} } } }
"""
"""All of it that writes may change, of all accounts of a viewer."""

ROOT_STATE = """
query ($id: ID!, $addresses: [String!]!) {
  blockList(accountId: $id, first: 100) { nodes { id } }
  deliverability(accountId: $id, addresses: $addresses) { exclusions { cause since } }
}
"""
"""The same at the root, of one account."""
