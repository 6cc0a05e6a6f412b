/** Apollo Client 4, as its manual sets it up: a link with the token, and the cache. */
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { OperationTypeNode } from "graphql";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { AccountsQuery } from "./generated/graphql.js";
import { accountPage, type AccountList, accounts, changes, invite, lastEvent, signIn } from "./operations.js";
import { CHANGES, task, tell, tellOf, whileBroken } from "./task.js";

let token: string | null | undefined;
const authentication = new SetContextLink(({ headers }) => ({
  headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
}));
const sockets = createClient({
  url: `${task.socketUrl}/graphql`,
  connectionParams: () => ({ authorization: `Bearer ${token}` }),
  webSocketImpl: WebSocket, // browsers have their own
  retryAttempts: 0, // it would ask with the first cursor again: `follow` asks with the last one
});
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    authentication.concat(new HttpLink({ uri: `${task.url}/graphql` })),
  ),
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

/** Each change once, whatever happens to the connection. */
async function follow(after: string | null | undefined): Promise<void> {
  let seen = 0;
  while (seen < CHANGES) {
    await new Promise<void>((resolve) => {
      const subscription = client
        .subscribe({ query: changes, variables: { accountId: task.accountId, after } })
        .subscribe({
          next({ data }) {
            data?.events?.nodes.forEach(tellOf);
            seen += data?.events?.nodes.length ?? 0;
            after = data?.events?.pageInfo.endCursor ?? after;
            if (seen >= CHANGES) {
              subscription.unsubscribe();
              resolve();
            }
          },
          error: () => resolve(),
          complete: () => resolve(),
        });
    });
    if (seen < CHANGES) await whileBroken();
  }
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
const last = await client.query({ query: lastEvent, variables: { id: accountId } });
console.log("following");
await follow(last.data?.account?.events?.nodes[0]?.cursor);
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
await sockets.dispose();
