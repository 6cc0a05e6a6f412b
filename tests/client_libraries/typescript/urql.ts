/** urql's core, as its manual sets it up: the fetch exchange, and the token in its options. */
import { Client, fetchExchange } from "@urql/core";
import { accountPage, type AccountList, accounts, invite, signIn } from "./operations.js";
import { task, tell } from "./task.js";

let token: string | null | undefined;
const client = new Client({
  url: `${task.url}/graphql`,
  exchanges: [fetchExchange],
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

const wrong = await signInWith("not the password");
const signedIn = await signInWith(task.password);
token = signedIn?.token;
const page = await client.query(accountPage, { id: task.accountId });
const names = await allAccounts();
const { accountId, roleId } = task;
const refused = await client.mutation(invite, {
  input: { accountId, email: "not an address", roleId, idempotencyKey: "1" },
});
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
