// The clients that front-ends use, against a running server:
// node subscriptions.mjs PROTOCOL URL TOKEN QUERY VARIABLES COUNT
import { createClient as createStreams } from "graphql-sse";
import { createClient as createSockets } from "graphql-ws";
import { WebSocket } from "ws";

const [protocol, url, token, query, variables, count] = process.argv.slice(2);

function client() {
  if (protocol === "ws") {
    return createSockets({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
  }
  return createStreams({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
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
