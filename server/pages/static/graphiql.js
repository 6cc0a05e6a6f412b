/* global GraphiQL, GraphiQLPluginExplorer, React, ReactDOM */
import { eventStream } from "./event-stream.js";
import { GraphQLEndpoint, Problem } from "./requests.js";
import { forgetToken, keepToken, keptToken } from "./session.js";
import { accountWith, askedTab, filled, fitting, ANYBODY } from "./tabs.js";

const { endpoint, tabs, operations, logins } = JSON.parse(document.getElementById("configuration").textContent);
const server = new GraphQLEndpoint(endpoint);
const form = document.getElementById("token-form");
const input = document.getElementById("token");
const forgetButton = document.getElementById("forget-token");
const state = document.getElementById("token-state");
const buttons = document.getElementById("logins");
const shownAt = document.getElementById("graphiql");
const root = ReactDOM.createRoot(shownAt);
const explorer = GraphiQLPluginExplorer.explorerPlugin();
const asked = askedTab(location.search);
let shown = 0;

function fetcherFor(token) {
  function withToken(given) {
    const headers = new Headers(given);
    // A header typed in a tab is meant for that tab.
    if (token && !headers.has("Authorization")) {
      headers.set("Authorization", `Bearer ${token}`);
    }
    return headers;
  }

  const once = GraphiQL.createFetcher({
    url: endpoint,
    enableIncrementalDelivery: false,
    fetch: (address, options) => fetch(address, { ...options, headers: withToken(options.headers) }),
  });
  return (given, options) => {
    const { parameters, kind } = whatIsRun(given);
    if (kind !== "subscription") {
      return once(parameters, options);
    }
    const headers = withToken(options.headers);
    headers.set("Accept", "text/event-stream");
    headers.set("Content-Type", "application/json");
    const body = JSON.stringify(parameters);
    return eventStream((signal) => fetch(endpoint, { method: "POST", headers, body, signal }));
  };
}

// GraphiQL learns late what a tab holds: who is fast would run it by the name of what another tab holds.
function whatIsRun(given) {
  let operations;
  try {
    const { definitions } = GraphiQL.GraphQL.parse(given.query);
    operations = definitions.filter(({ kind }) => kind === "OperationDefinition");
  } catch {
    return { parameters: given };  // the server says what is wrong with it
  }
  if (operations.length !== 1) {
    const named = operations.find(({ name }) => name?.value === given.operationName);
    return { parameters: given, kind: named?.operation };
  }
  const [{ name, operation }] = operations;
  return { parameters: { ...given, operationName: name?.value }, kind: operation };
}

// Each caller finds the tabs of its own as it left them; they end with the browser's tab.
function storageOf(token) {
  const prefix = `${token.slice(-8)}:`;
  return {
    getItem: (key) => sessionStorage.getItem(prefix + key),
    setItem: (key, value) => sessionStorage.setItem(prefix + key, value),
    removeItem: (key) => sessionStorage.removeItem(prefix + key),
    clear: () => sessionStorage.clear(),
    get length() {
      return sessionStorage.length;
    },
  };
}

async function show(token) {
  const turn = ++shown;
  // What is on the screen still sends the former token: nothing in it can be used until it is replaced.
  shownAt.inert = true;
  forgetButton.hidden = !token;
  state.textContent = token ? "Looking up whose token it is…" : "No token: requests are anonymous";
  const viewer = token ? await viewerOf(token) : ANYBODY;
  const samples = await samplesFor(token, viewer);
  // Meanwhile another token may have been chosen.
  if (turn !== shown) {
    return;
  }
  if (token) {
    state.textContent = inWords(viewer, token);
  }
  for (const button of buttons.children) {
    button.setAttribute("aria-pressed", String(button.dataset.email === viewer.user?.email));
  }
  const ready = fitting(tabs, viewer).map((tab) => filled(tab, viewer, samples));
  const graphiql = React.createElement(GraphiQL, {
    // The schema is what the token may see: another token, another GraphiQL.
    key: token,
    fetcher: fetcherFor(token),
    defaultTabs: ready,
    defaultEditorToolsVisibility: "variables",
    ...(asked && { query: asked.query, variables: asked.variables }),
    plugins: [explorer],
    storage: storageOf(token),
    shouldPersistHeaders: false,
  });
  ReactDOM.flushSync(() => root.render(graphiql));
  shownAt.inert = false;
}

// Anybody, where the token is not valid (any more).
async function viewerOf(token) {
  try {
    const { viewer, staff } = await server.send(operations.viewer, {}, token);
    return viewer ? { ...viewer, staff } : ANYBODY;
  } catch {
    return ANYBODY;
  }
}

// What tabs need the ids of.
async function samplesFor(token, viewer) {
  const [paying, writing] = await Promise.all([
    accountOf("payment-methods", "CREDIT_WRITE", token, viewer),
    accountOf("contact", "CONTACTS_WRITE", token, viewer),
  ]);
  return { paymentMethod: paying?.paymentMethods?.nodes[0], contact: writing?.contacts?.nodes[0] };
}

// What the operation tells of the account that tabs with the permission are filled with.
async function accountOf(operation, permission, token, viewer) {
  const account = accountWith(viewer, [permission]);
  if (!account) {
    return null;
  }
  const data = await server.send(operations[operation], { accountId: account.id }, token).catch(() => null);
  return data?.account;
}

function inWords({ user, apiKey }, token) {
  const known = logins.find((login) => login.email === user?.email);
  if (known) {
    return `${user.name} · ${known.label}, ${known.about}`;
  }
  if (user) {
    return `${user.name} · ${user.email}`;
  }
  if (apiKey) {
    return `API key “${apiKey.name}” · ${apiKey.role.name}, ${apiKey.account?.name ?? ""}`;
  }
  return `Not valid: …${token.slice(-4)}`;
}

async function signIn({ email, password }) {
  try {
    const { signIn } = await server.send(operations["sign-in"], { input: { email, password } });
    if (signIn.challengeToken) {
      throw new Problem(`${email} has a second factor now. Sign in at /sign-in, which opens GraphiQL afterwards.`);
    }
    if (!signIn.token) {
      throw new Problem(signIn.userErrors.map((error) => error.message).join(" "));
    }
    use(signIn.token);
  } catch (error) {
    state.textContent = error instanceof Problem ? error.message : "Signing in failed.";
  }
}

function use(token) {
  keepToken(token);
  input.value = "";
  show(token);
}

for (const login of logins) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = login.label;
  button.title = `Sign in as ${login.email}, ${login.about}`;
  button.dataset.email = login.email;
  button.addEventListener("click", () => signIn(login));
  buttons.append(button);
}
buttons.hidden = !logins.length;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // A token copied from a terminal brings spaces and line breaks along.
  const token = input.value.replaceAll(/[^!-~]/g, "");
  if (token) {
    use(token);
  } else {
    input.focus();
  }
});

forgetButton.addEventListener("click", () => {
  forgetToken();
  show("");
  input.focus();
});

show(keptToken());
