// What the pages behind links to a mailbox share: the secret, their views, and forms that send a mutation.
import { GraphQLEndpoint, inWords } from "./requests.js";

const { endpoint, operations } = JSON.parse(document.getElementById("configuration").textContent);
const server = new GraphQLEndpoint(endpoint);
const secret = location.hash.slice(1);
const part = (id) => document.getElementById(id);

function showView(id) {
  for (const view of document.querySelectorAll("main > section")) {
    view.hidden = view.id !== id;
  }
  part(`${id}-title`).focus();
}

// The form of a view: `action` gets its fields and what sends a mutation; what it throws is shown in words.
function onSubmit(view, action) {
  const problem = part(view).querySelector(".problem");
  const form = part(`${view}-form`);
  const button = form.querySelector("button");
  form.onsubmit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    button.disabled = true;
    try {
      await action(Object.fromEntries(new FormData(form)), server.payloadOf.bind(server));
    } catch (error) {
      problem.textContent = inWords(error);
    } finally {
      button.disabled = false;
    }
  };
}

// Another link pasted into this tab changes the fragment alone, and the page stays.
addEventListener("hashchange", () => location.reload());

export { onSubmit, operations, part, secret, showView };
