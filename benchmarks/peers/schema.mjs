// The part of Mandant's schema that the measured operations need.
export const typeDefs = `
enum AccountKind { MASTER SUBACCOUNT }
enum AccountStatus { ACTIVE SUSPENDED CLOSED }
type Query { viewer: Viewer account(id: ID!): Account }
type Mutation {
  accountUpdate(input: AccountUpdateInput!): AccountPayload!
  creditTransfer(input: CreditTransferInput!): CreditTransferPayload!
}
input AccountUpdateInput { accountId: ID! expectedVersion: Int! name: String }
type AccountPayload { account: Account }
input CreditTransferInput {
  fromAccountId: ID!
  toAccountId: ID!
  amount: String!
  memo: String
  idempotencyKey: String!
}
type CreditTransferPayload { replayed: Boolean! fromAccount: Account }
type Viewer { accounts(first: Int!): AccountConnection! }
type AccountConnection { nodes: [Account!]! }
type Account {
  id: ID!
  name: String!
  kind: AccountKind!
  status: AccountStatus!
  version: Int!
  parent: Account
  members(first: Int!): MemberConnection
  viewerPermissions: [String!]!
}
type MemberConnection { nodes: [Member!]! }
type Member { id: ID! role: Role! user: User! }
type Role { name: String! }
type User { id: ID! name: String! email: String! }
`;
