"""What the oracle asks of what accounts send. The documents are the same for every viewer."""

_FIELDS = """
  id
  campaigns(first: 20) { totalCount nodes { id name status account { id } createdBy { id } } }
  labeled: campaigns(first: 20, label: $label) { totalCount nodes { id } }
  sentOnes: campaigns(first: 20, status: SENT, includeDescendants: true) { totalCount nodes { id } }
  campaignsBelow: campaigns(first: 50, includeDescendants: true) { totalCount nodes { id } }
  labeledBelow: campaigns(first: 50, includeDescendants: true, label: $label) { totalCount nodes { id } }
  marketingMessages(first: 20) {
    totalCount nodes { id recipient status events(first: 5) { totalCount nodes { kind } } }
  }
  marketingLabeled: marketingMessages(first: 20, label: $label) { totalCount nodes { id } }
  transactionalMessages(first: 20) {
    totalCount nodes { id recipient status events(first: 5) { totalCount nodes { kind } } }
  }
  transactionalLabeled: transactionalMessages(first: 20, label: $label) { totalCount nodes { id } }
  sendingSources(first: 20) { totalCount nodes { stream apiKeyId apiKey { id } canSend customerState } }
"""

ALL_SENT = f"query ($label: String!) {{ viewer {{ accounts(first: 20) {{ nodes {{ {_FIELDS} }} }} }} }}"
"""Of all accounts within reach."""

SENT = f"query ($id: ID!, $label: String!) {{ account(id: $id) {{ {_FIELDS} }} }}"
"""Of one."""

NUMBERS = """
query ($id: ID!, $campaign: ID!, $since: Date!, $until: Date!) {
  own: statistics(accountId: $id, since: $since, until: $until) { nodes { numbers { sent delivered } } }
  below: statistics(accountId: $id, since: $since, until: $until, includeDescendants: true) {
    nodes { numbers { sent delivered } }
  }
  byAccount: statistics(
    accountId: $id, since: $since, until: $until, includeDescendants: true, by: [ACCOUNT, LABEL], first: 50
  ) { nodes { account { id } label numbers { sent delivered } } }
  recipientStatistics(accountId: $id, since: $since, until: $until, includeDescendants: true) {
    nodes { channel recipients numbers { sent delivered } }
  }
  campaignPreview(campaignId: $campaign) { recipients blocked }
}
"""
"""What is asked for at the root."""

SENT_STATE = """
{ viewer { accounts(first: 20) { nodes {
  id
  campaigns(first: 20) { nodes { id version status } }
  marketingMessages(first: 20) { nodes { id status events(first: 0) { totalCount } } }
  transactionalMessages(first: 20) { nodes { id status events(first: 0) { totalCount } } }
  sendingSources(first: 20) { nodes { stream apiKeyId customerState } }
} } } }
"""
"""All of it that writes may change, of all accounts of a viewer."""
