/* global GraphiQL, GraphiQLPluginExplorer, React, ReactDOM */
import { forgetToken, keepToken, keptToken } from "./session.js";

const { endpoint, tabs } = JSON.parse(document.getElementById("configuration").textContent);
const form = document.getElementById("token-form");
const input = document.getElementById("token");
const forgetButton = document.getElementById("forget-token");
const state = document.getElementById("token-state");
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
const explorer = GraphiQLPluginExplorer.explorerPlugin();

function fetcherFor(token) {
  return GraphiQL.createFetcher({
    url: endpoint,
    enableIncrementalDelivery: false,
    fetch(address, options) {
      const headers = new Headers(options.headers);
      // A header typed in a tab is meant for that tab.
      if (token && !headers.has("Authorization")) {
        headers.set("Authorization", `Bearer ${token}`);
      }
      return fetch(address, { ...options, headers });
    },
  });
}

function show(token) {
  const graphiql = React.createElement(GraphiQL, {
    // The schema is what the token may see: another token, another GraphiQL.
    key: token,
    fetcher: fetcherFor(token),
    defaultTabs: tabs,
    plugins: [explorer],
    storage: sessionStorage,
    shouldPersistHeaders: false,
  });
  root.render(graphiql);
  forgetButton.hidden = !token;
  state.textContent = token ? `In use: …${token.slice(-4)}` : "No token: requests are anonymous";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // A token copied from a terminal brings spaces and line breaks along.
  const token = input.value.replaceAll(/[^!-~]/g, "");
  if (!token) {
    input.focus();
    return;
  }
  keepToken(token);
  input.value = "";
  show(token);
});

forgetButton.addEventListener("click", () => {
  forgetToken();
  show("");
  input.focus();
});

show(keptToken());
