// One query, asked for twice by a client that names documents by their hash, and once more by a second client.
// `argv[2]` is the API's address, `argv[3]` the client: apollo or urql, `argv[4]` a token.
// It prints what was sent and what came back, as JSON.
import { createHash } from "node:crypto";

const [, , url, library, token] = process.argv;
const text = "query Persisted($first: Int) { viewer { accounts(first: $first) { totalCount } } }";
const sent = [];

async function recordingFetch(address, init = {}) {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${token}`);
  const asked = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(address).searchParams);
  const response = await fetch(address, { ...init, headers });
  sent.push({ method: init.method ?? "GET", withText: Boolean(asked.query), status: response.status });
  return response;
}

async function apollo() {
  const { ApolloClient, HttpLink, InMemoryCache, gql } = await import("@apollo/client");
  const { PersistedQueryLink } = await import("@apollo/client/link/persisted-queries");
  const sha256 = (query) => createHash("sha256").update(query).digest("hex");
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const link = persisted.concat(new HttpLink({ uri: url, fetch: recordingFetch }));
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return () =>
    client
      .query({ query: gql(text), variables: { first: 1 }, fetchPolicy: "no-cache" })
      .then(({ data }) => data.viewer.accounts.totalCount);
}

async function urql() {
  const { createClient, fetchExchange } = await import("@urql/core");
  const { persistedExchange } = await import("@urql/exchange-persisted");
  const persisted = persistedExchange({ preferGetForPersistedQueries: true });
  const client = createClient({ url, fetch: recordingFetch, exchanges: [persisted, fetchExchange] });
  return async () => {
    const { data, error } = await client.query(text, { first: 1 }, { requestPolicy: "network-only" }).toPromise();
    if (error) throw error;
    return data.viewer.accounts.totalCount;
  };
}

const makers = { apollo, urql };
const answers = [];
for (const times of [2, 1]) {
  const ask = await makers[library]();
  for (let time = 0; time < times; time += 1) answers.push(await ask());
}
console.log(JSON.stringify({ sent, answers }));
