/** What the programs of both libraries ask, typed by the code generator. */
import { graphql } from "./generated/index.js";
import type { AccountsQuery } from "./generated/graphql.js";

export type AccountList = NonNullable<AccountsQuery["viewer"]>["accounts"];

export const signIn = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      token
      user { name }
      userErrors { __typename code message }
    }
  }
`);

export const accountPage = graphql(`
  query AccountPage($id: ID!) {
    account(id: $id) {
      name
      kind
      createdAt
      members(first: 10) { totalCount nodes { user { name } role { name } } }
    }
  }
`);

export const accounts = graphql(`
  query Accounts($first: Int!, $after: String) {
    viewer {
      accounts(first: $first, after: $after, orderBy: NAME) {
        nodes { id name }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export const lastEvent = graphql(`
  query LastEvent($id: ID!) {
    account(id: $id) { events(first: 1) { nodes { cursor } } }
  }
`);

export const changes = graphql(`
  subscription Changes($accountId: ID!, $after: String) {
    events(accountId: $accountId, after: $after) {
      nodes { id type }
      pageInfo { endCursor }
    }
  }
`);

export const invite = graphql(`
  mutation Invite($input: MemberInviteInput!) {
    memberInvite(input: $input) {
      invitation { email status }
      userErrors { __typename code field message }
    }
  }
`);
