/** urql's core, as its manual sets it up: the fetch exchange, and the token in its options. */
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { accountPage, type AccountList, accounts, changes, invite, lastEvent, signIn } from "./operations.js";
import { CHANGES, task, tell, tellOf, whileBroken } from "./task.js";

let token: string | null | undefined;
const sockets = createClient({
  url: `${task.socketUrl}/graphql`,
  connectionParams: () => ({ authorization: `Bearer ${token}` }),
  webSocketImpl: WebSocket, // browsers have their own
  retryAttempts: 0, // it would ask with the first cursor again: `follow` asks with the last one
});
const client = new Client({
  url: `${task.url}/graphql`,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query: query ?? "", variables: variables ?? null }, sink) }),
      }),
    }),
  ],
  preferGetMethod: false,
  fetchOptions: () => (token ? { headers: { authorization: `Bearer ${token}` } } : {}),
});

async function signInWith(password: string) {
  const answer = await client.mutation(signIn, { input: { email: task.email, password } });
  return answer.data?.signIn;
}

async function allAccounts(): Promise<string[]> {
  const names: string[] = [];
  let after: string | null | undefined = null;
  do {
    const answer = await client.query(accounts, { first: 2, after });
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
      const { unsubscribe } = client
        .subscription(changes, { accountId: task.accountId, after })
        .subscribe(({ data, error }) => {
          data?.events?.nodes.forEach(tellOf);
          seen += data?.events?.nodes.length ?? 0;
          after = data?.events?.pageInfo.endCursor ?? after;
          if (error !== undefined || seen >= CHANGES) {
            unsubscribe();
            resolve();
          }
        });
    });
    if (seen < CHANGES) await whileBroken();
  }
}

const wrong = await signInWith("not the password");
const signedIn = await signInWith(task.password);
token = signedIn?.token;
const page = await client.query(accountPage, { id: task.accountId });
const names = await allAccounts();
const { accountId, roleId } = task;
const refused = await client.mutation(invite, {
  input: { accountId, email: "not an address", roleId, idempotencyKey: "1" },
});
const last = await client.query(lastEvent, { id: accountId });
console.log("following");
await follow(last.data?.account?.events?.nodes[0]?.cursor);
token = "mds_of_nobody";
const failure = await client.query(accountPage, { id: accountId });

tell({
  wrongPassword: wrong?.userErrors.map((error) => error.code),
  signedIn: signedIn?.user?.name,
  page: page.data?.account,
  names,
  refused: refused.data?.memberInvite.userErrors,
  failure: failure.error?.graphQLErrors[0]?.extensions["code"],
});
await sockets.dispose();
