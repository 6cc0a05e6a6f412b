// The official audit of GraphQL over HTTP against the server at `argv[2]`, with the token `argv[3]` or without one.
// It prints each audit with its level, MUST, SHOULD or MAY, and what became of it, as JSON.
import { serverAudits } from "graphql-http";

const [, , url, token] = process.argv;

function ask(address, init = {}) {
  const headers = new Headers(init.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return fetch(address, { ...init, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn: ask })) {
  const { status, reason } = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status, reason: reason ?? null });
}
console.log(JSON.stringify(results));
