/** Apollo Client 4, as its manual sets it up: a link with the token, and the cache. */
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import type { AccountsQuery } from "./generated/graphql.js";
import { accountPage, type AccountList, accounts, invite, signIn } from "./operations.js";
import { task, tell } from "./task.js";

let token: string | null | undefined;
const authentication = new SetContextLink(({ headers }) => ({
  headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
}));
const client = new ApolloClient({
  link: authentication.concat(new HttpLink({ uri: `${task.url}/graphql` })),
  cache: new InMemoryCache(),
});

async function signInWith(password: string) {
  const answer = await client.mutate({ mutation: signIn, variables: { input: { email: task.email, password } } });
  return answer.data?.signIn;
}

async function allAccounts(): Promise<string[]> {
  const names: string[] = [];
  let after: string | null | undefined = null;
  do {
    const answer: ApolloClient.QueryResult<AccountsQuery> = await client.query({
      query: accounts,
      variables: { first: 2, after },
    });
    const page: AccountList = answer.data!.viewer!.accounts;
    names.push(...page.nodes.map((account) => account.name));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  return names;
}

const wrong = await signInWith("not the password");
const signedIn = await signInWith(task.password);
token = signedIn?.token;
const page = await client.query({ query: accountPage, variables: { id: task.accountId } });
const names = await allAccounts();
const { accountId, roleId } = task;
const refused = await client.mutate({
  mutation: invite,
  variables: { input: { accountId, email: "not an address", roleId, idempotencyKey: "1" } },
});
token = "mds_of_nobody";
const failure = await client
  .query({ query: accountPage, variables: { id: accountId }, fetchPolicy: "network-only" })
  .catch((error: unknown) => error);

tell({
  wrongPassword: wrong?.userErrors.map((error) => error.code),
  signedIn: signedIn?.user?.name,
  page: page.data?.account,
  names,
  refused: refused.data?.memberInvite.userErrors,
  failure: CombinedGraphQLErrors.is(failure) && failure.errors[0]?.extensions?.["code"],
});
client.stop();
