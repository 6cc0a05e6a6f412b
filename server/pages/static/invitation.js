import { GraphQLEndpoint, Problem } from "./requests.js";
import { keepToken, keptToken } from "./session.js";

const { endpoint, operations } = JSON.parse(document.getElementById("configuration").textContent);
const server = new GraphQLEndpoint(endpoint);
const secret = location.hash.slice(1);
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
    const invitation = secret && (await server.send(operations.invitation, { token: secret })).invitation;
    if (invitation) {
      await showOffer(invitation);
    } else {
      showView("invalid");
    }
  } catch (error) {
    part("failed-reason").textContent = inWords(error);
    showView("failed");
  }
}

async function showOffer(invitation) {
  const expiry = new Date(invitation.expiresAt);
  part("offer-title").textContent = invitation.inviterName
    ? `${invitation.inviterName} invites you to ${invitation.accountName}`
    : `You are invited to ${invitation.accountName}`;
  part("offer-role").textContent = invitation.roleName;
  part("offer-expiry").dateTime = invitation.expiresAt;
  part("offer-expiry").textContent = expiry.toLocaleString([], { dateStyle: "long", timeStyle: "short" });
  for (const input of document.querySelectorAll("input.email")) {
    input.value = invitation.email;
  }
  onSubmit("kept-session", () => acceptAs(keptToken()));
  onSubmit("sign-up", (fields) => signUp(invitation, fields));
  onSubmit("sign-in", (fields) => signIn(invitation, fields));
  await offerKeptSession();
  showView("offer");
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

async function signUp(invitation, { name, password }) {
  const input = { name, email: invitation.email, password, invitationToken: secret };
  const { token } = await payloadOf("signUp", operations["sign-up"], input);
  keepToken(token);
  showAccepted(invitation.accountName, invitation.roleName);
}

async function signIn(invitation, { password }) {
  const { token } = await payloadOf("signIn", operations["sign-in"], { email: invitation.email, password });
  keepToken(token);
  await acceptAs(token);
}

async function acceptAs(token) {
  const { member } = await payloadOf("invitationAccept", operations.accept, { token: secret }, token);
  showAccepted(member.account.name, member.role.name);
}

// The payload of a mutation that did what it was asked to; otherwise a Problem with the server's words.
async function payloadOf(field, document, input, token) {
  const payload = (await server.send(document, { input }, token))[field];
  if (payload.userErrors.length) {
    throw new Problem(payload.userErrors.map((error) => error.message).join("\n"));
  }
  return payload;
}

function showAccepted(accountName, roleName) {
  part("accepted-title").textContent = `You are a member of ${accountName}`;
  part("accepted-role").textContent = roleName;
  showView("accepted");
}

function inWords(error) {
  if (error instanceof Problem) {
    return error.message;
  }
  console.error(error);
  return "Something on this page went wrong. Please try again.";
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
