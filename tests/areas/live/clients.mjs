// The clients that front ends use, against a running server: node clients.mjs PROTOCOL URL TOKEN QUERY VARIABLES COUNT
import { createRequire } from "node:module";
const require = createRequire(`${process.env.PAGES}/package.json`);
const [protocol, url, token, query, variables, count] = process.argv.slice(2);

function client() {
  if (protocol === "ws") {
    const { createClient } = require("graphql-ws");
    return createClient({
      url,
      webSocketImpl: require("ws"),
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
  }
  const { createClient } = require("graphql-sse");
  return createClient({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
}

const made = client();
let left = Number(count);
const dispose = made.subscribe(
  { query, variables: JSON.parse(variables) },
  {
    next(result) {
      console.log(JSON.stringify({ next: result }));
      if (--left === 0) {
        dispose();
      }
    },
    error(error) {
      const told = Array.isArray(error) ? { errors: error } : { code: error.code ?? null, text: String(error) };
      console.log(JSON.stringify({ error: told }));
      process.exit(0);
    },
    complete() {
      console.log(JSON.stringify({ complete: true }));
      process.exit(0);
    },
  },
);
