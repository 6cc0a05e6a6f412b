// The page of sign-in. Behind the `#` stands the code with which a company's own sign-in sends people back.
import { passkeysWork } from "./passkeys.js";
import { personOf } from "./people.js";
import { forgetToken, keptToken, takeReturn } from "./session.js";
import { completeSingleSignOn, goToCompany, showCompany, signInWith, signInWithPasskey } from "./sign-in-steps.js";
import { onSubmit, operations, part, say, secret, server, showProblem, showView } from "./views.js";

async function goOn(token) {
  if (!token) {
    return;
  }
  const address = takeReturn();
  if (address) {
    location.replace(address);
  } else {
    showSignedIn(await personOf(token));
  }
}

function showSignedIn(person) {
  part("sign-in-form").reset();
  part("signed-in-person").textContent = person ? say("signed_in_as", person) : "";
  showView("signed-in");
}

// Whom /sso/start has sent here to begin; null for everybody else.
function whoseCompany() {
  const given = new URLSearchParams(location.search);
  for (const name of ["email", "account"]) {
    if (given.get(name)) {
      return { [name]: given.get(name) };
    }
  }
  return null;
}

async function complete() {
  // The code is used up now, and has no place in the browser's history.
  history.replaceState(null, "", location.pathname);
  showView("completing");
  try {
    await goOn(await completeSingleSignOn(secret));
  } catch (error) {
    showView("sign-in");
    showProblem("sign-in", error);
  }
}

async function begin() {
  const whose = whoseCompany();
  if (whose) {
    // A link such as a tile of the company's portal, for once: the page can be loaded anew.
    history.replaceState(null, "", location.pathname);
    showCompany(whose);
    return;
  }
  const person = keptToken() && (await personOf(keptToken()));
  if (person) {
    showSignedIn(person);
  } else {
    showView("sign-in");
  }
}

onSubmit("sign-in-form", async ({ email, password }) => goOn(await signInWith(email, password)));
onSubmit("passkey-form", async () => goOn(await signInWithPasskey()));
onSubmit("company-form", () => {
  if (part("email").reportValidity()) {
    return goToCompany({ email: part("email").value });
  }
  return null;
});
onSubmit("sign-out-form", async () => {
  try {
    await server.payloadOf("signOut", operations["sign-out"], undefined, keptToken());
  } catch (error) {
    // A session that is over already needs no ending.
    if (error.code !== "UNAUTHENTICATED") {
      throw error;
    }
  }
  forgetToken();
  showView("sign-in");
});
part("passkey-form").hidden = !passkeysWork;
if (secret) {
  complete();
} else {
  begin();
}
