// The results of a subscription as server-sent events, by the protocol graphql-sse: a request for each, and an
// answer that goes on. EventSource cannot do that: it sends no token.

// What GraphiQL takes in place of one result: whoever subscribes is told each as it comes.
export function eventStream(ask) {
  return {
    subscribe(subscriber) {
      const left = new AbortController();
      read(ask, left.signal, subscriber).catch((error) => {
        if (!left.signal.aborted) {
          subscriber.error(error);
        }
      });
      return { unsubscribe: () => left.abort() };
    },
  };
}

async function read(ask, signal, subscriber) {
  const response = await ask(signal);
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    // It was refused before it began.
    subscriber.next(await response.json());
    subscriber.complete();
    return;
  }
  let text = "";
  for await (const piece of pieces(response.body)) {
    const events = (text + piece).split("\n\n");
    text = events.pop();
    for (const event of events) {
      const { type, data } = fields(event);
      if (type === "next") {
        subscriber.next(JSON.parse(data));
      }
    }
  }
  subscriber.complete();
}

// Not every browser can iterate a stream itself.
async function* pieces(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    yield next.value;
  }
}

function fields(event) {
  const lines = event.split("\n").map((line) => line.split(/: ?(.*)/s));
  const found = Object.fromEntries(lines);
  return { type: found.event, data: found.data };
}
