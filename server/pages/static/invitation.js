// The page behind the link of an invitation or of a share.
import { kindOf } from "./offers.js";
import { personOf } from "./people.js";
import { Problem } from "./requests.js";
import { keepDevice, keepToken, keptToken } from "./session.js";
import { signInWith } from "./sign-in-steps.js";
import { clearProblem, moment, onSubmit, operations, part, say, secret, server } from "./views.js";
import { showProblem, showView } from "./views.js";

const kind = kindOf(secret);

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
    showView("failed");
    showProblem("failed", error);
  }
}

async function showOffer(offer) {
  part("offer-title").textContent = kind.title(offer);
  showFacts("offer-facts", [...kind.facts(offer), [say("valid_until"), moment(offer.expiresAt)]]);
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
    part("kept-session-person").textContent = say("signed_in_as", person);
    part("kept-session").hidden = false;
  }
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
  const token = await signInWith(offer.email, password);
  if (token) {
    showView("offer");
    await acceptAs(token, offer);
  }
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
  const words = "Your e-mail address is not confirmed yet. Open the link that was sent to it, then accept here.";
  return new Problem(words, "CONFIRM_FIRST");
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
  clearProblem("offer");
}

for (const radio of document.getElementsByName("way")) {
  radio.addEventListener("change", showChosenWay);
}
part("look-up-again").addEventListener("click", lookUp);

// A browser that reloads the page may restore the choice made before.
showChosenWay();
lookUp();
