// What the server's own pages share: their words, their views, and forms that send mutations.
import { GraphQLEndpoint, Problem, inWords } from "./requests.js";

const configuration = JSON.parse(document.getElementById("configuration").textContent);
const { endpoint, operations, passkeyOrigin, refusals, texts } = configuration;
const language = document.documentElement.lang;
const server = new GraphQLEndpoint(endpoint);
const secret = location.hash.slice(1);
const part = (id) => document.getElementById(id);

// A text of the page in its language, with the values in place of {names}.
function say(key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function moment(text) {
  return new Date(text).toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
}

function showView(id) {
  for (const view of document.querySelectorAll("main > section")) {
    view.hidden = view.id !== id;
  }
  part(`${id}-title`)?.focus();
}

// The API speaks English; what people meet often has words in the language of the page.
function showProblem(view, error) {
  const problem = part(view).querySelector(".problem");
  const english = inWords(error);
  const words = refusals[error instanceof Problem ? error.code : "PAGE_FAULT"];
  problem.lang = words ? language : "en";
  problem.textContent = words ?? english;
}

function clearProblem(view) {
  part(view).querySelector(".problem").textContent = "";
}

// The form of a view: `action` gets its fields; what it throws is shown in words.
function onSubmit(id, action) {
  const form = part(id);
  form.onsubmit = (event) => {
    event.preventDefault();
    return attempt(form.closest("section").id, () => action(Object.fromEntries(new FormData(form))));
  };
}

// Do what a view was asked to, once at a time. A button that is disabled loses the focus, and gets it back.
async function attempt(view, action) {
  const buttons = part(view).querySelectorAll("button");
  const focused = document.activeElement;
  clearProblem(view);
  buttons.forEach((button) => (button.disabled = true));
  try {
    await action();
  } catch (error) {
    showProblem(view, error);
  } finally {
    buttons.forEach((button) => (button.disabled = false));
    if (document.activeElement === document.body) {
      focused.focus();
    }
  }
}

// Another link pasted into this tab changes the fragment alone, and the page stays.
addEventListener("hashchange", () => location.reload());

export {
  attempt,
  clearProblem,
  language,
  moment,
  onSubmit,
  operations,
  part,
  passkeyOrigin,
  say,
  secret,
  server,
  showProblem,
  showView,
};
