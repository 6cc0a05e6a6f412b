import { kindOf } from "./offers.js";
import { GraphQLEndpoint, Problem, inWords } from "./requests.js";
import { keepDevice, keepToken, keptDevice, keptToken } from "./session.js";

const { endpoint, operations } = JSON.parse(document.getElementById("configuration").textContent);
const server = new GraphQLEndpoint(endpoint);
const secret = location.hash.slice(1);
const kind = kindOf(secret);
const views = document.querySelectorAll("main > section");
const part = (id) => document.getElementById(id);

function showView(id) {
  for (const view of views) {
    view.hidden = view.id !== id;
  }
  part(`${id}-title`)?.focus();
}

async function lookUp() {
  showView("loading");
  try {
    const offer = secret && (await server.send(operations[kind.field], { token: secret }))[kind.field];
    if (offer) {
      await showOffer(offer);
    } else {
      showView("invalid");
    }
  } catch (error) {
    part("failed-reason").textContent = inWords(error);
    showView("failed");
  }
}

async function showOffer(offer) {
  const expiry = new Date(offer.expiresAt).toLocaleString([], { dateStyle: "long", timeStyle: "short" });
  part("offer-title").textContent = kind.title(offer);
  showFacts("offer-facts", [...kind.facts(offer), ["Valid until", expiry]]);
  showRights(kind.rights(offer));
  for (const input of document.querySelectorAll("input.email")) {
    input.value = offer.email;
  }
  // Whoever signs up by an invitation joins its account; a guest has an account of its own.
  for (const element of document.querySelectorAll("#sign-up .own-account")) {
    element.hidden = element.disabled = !kind.signUpNeedsAccount;
  }
  onSubmit("kept-session", () => acceptAs(keptToken(), offer));
  onSubmit("sign-up", (fields) => signUp(offer, fields));
  onSubmit("sign-in", (fields) => signIn(offer, fields));
  onSubmit("decline", decline);
  await offerKeptSession();
  showView("offer");
}

function showFacts(id, facts) {
  part(id).replaceChildren(
    ...facts.map(([term, text]) => {
      const row = document.createElement("div");
      row.append(document.createElement("dt"), document.createElement("dd"));
      row.firstChild.textContent = term;
      row.lastChild.textContent = text;
      return row;
    }),
  );
}

// What somebody could do, in words.
function showRights(rights) {
  const list = part("offer-rights");
  list.replaceChildren(
    ...rights.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
  list.hidden = !rights.length;
}

async function decline() {
  await server.payloadOf(kind.decline.field, operations[kind.decline.document], { token: secret });
  showView("declined");
}

async function offerKeptSession() {
  const person = keptToken() && (await personOf(keptToken()));
  if (person) {
    part("kept-session-person").textContent = `${person.name} (${person.email})`;
    part("kept-session").hidden = false;
  }
}

// Null for an API key, and for a session that has ended: the visitor can sign in anew.
async function personOf(token) {
  try {
    return (await server.send(operations.viewer, {}, token)).viewer?.user ?? null;
  } catch {
    return null;
  }
}

function onSubmit(id, action) {
  const form = part(id);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const buttons = part("offer").querySelectorAll("button");
    part("problem").textContent = "";
    buttons.forEach((button) => (button.disabled = true));
    try {
      await action(Object.fromEntries(new FormData(form)));
    } catch (error) {
      part("problem").textContent = inWords(error);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
    }
  };
}

async function signUp(offer, fields) {
  const { name, password } = fields;
  const input = { name, email: offer.email, password, ...kind.signUp(fields, secret) };
  const { token, deviceToken } = await server.payloadOf("signUp", operations["sign-up"], input);
  keepToken(token);
  keepDevice(deviceToken);
  showAccepted(offer);
}

async function signIn(offer, { password }) {
  const input = { email: offer.email, password, deviceToken: keptDevice() };
  const { token, deviceToken } = await server.payloadOf("signIn", operations["sign-in"], input);
  keepToken(token);
  keepDevice(deviceToken);
  await acceptAs(token, offer);
}

async function acceptAs(token, offer) {
  try {
    await server.payloadOf(kind.accept.field, operations[kind.accept.document], { token: secret }, token);
  } catch (error) {
    throw error.code === "ADDRESS_NOT_VERIFIED" ? await unverified(token) : error;
  }
  showAccepted(offer);
}

async function unverified(token) {
  await server.send(operations["email-verification-request"], {}, token);
  return new Problem("Your e-mail address is not confirmed yet. Open the link that was sent to it, then accept here.");
}

function showAccepted(offer) {
  part("accepted-title").textContent = kind.acceptedTitle(offer);
  showFacts("accepted-facts", kind.facts(offer));
  showView("accepted");
}

function showChosenWay() {
  const chosen = document.querySelector("input[name=way]:checked").value;
  part("sign-up").hidden = chosen !== "sign-up";
  part("sign-in").hidden = chosen !== "sign-in";
  part("problem").textContent = "";
}

for (const radio of document.getElementsByName("way")) {
  radio.addEventListener("change", showChosenWay);
}
part("look-up-again").addEventListener("click", lookUp);
// Another link pasted into this tab changes the fragment alone, and the page stays.
addEventListener("hashchange", () => location.reload());

// A browser that reloads the page may restore the choice made before.
showChosenWay();
lookUp();
