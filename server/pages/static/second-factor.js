// The person's second factors. Each change asks for the password, or for a fresh single sign-on of who has none.
import { button, element } from "./elements.js";
import { ownData, ownPayload } from "./own.js";
import { newPasskey, passkeysWork } from "./passkeys.js";
import { keepReturn } from "./session.js";
import { goToCompany } from "./sign-in-steps.js";
import { moment, onSubmit, operations, part, passkeyOrigin, say, showProblem, showView } from "./views.js";

const change = (field, document, input) => ownPayload(field, operations[document], input);

async function showOverview(done = "") {
  const { hasPassword, user, secondFactor } = await ownData("secondFactor", operations["second-factor"]);
  const { totp, passkeys, recoveryCodesLeft } = secondFactor;
  showConfirmation(hasPassword, user.email);
  // Neither is shown again.
  part("secret").textContent = "";
  part("app-picture").removeAttribute("src");
  part("code-list").replaceChildren();
  const names = secondFactor.missingIn.nodes.map(({ name }) => name).join(", ");
  part("missing").textContent = say("missing", { names });
  part("missing").hidden = !names;
  part("app-state").textContent = say(totp ? "app_set" : "app_none");
  part("app-set-up").hidden = totp;
  part("app-remove").hidden = !totp;
  part("passkeys-none").hidden = passkeys.length > 0;
  part("passkey-list").hidden = !passkeys.length;
  part("passkey-list").replaceChildren(...passkeys.map(itemOf));
  part("passkeys-elsewhere").textContent = say("passkeys_elsewhere", { origin: passkeyOrigin });
  part("passkeys-elsewhere").hidden = passkeysWork || passkeyOrigin === location.origin;
  part("passkey-add").hidden = !passkeysWork;
  part("recovery").hidden = !totp && !passkeys.length;
  part("codes-left").textContent = say("codes_left", { number: recoveryCodesLeft });
  showView("overview");
  part("done").textContent = done;
}

// By what the person confirms a change.
function showConfirmation(hasPassword, email) {
  for (const each of document.querySelectorAll(".own-password")) {
    each.hidden = each.disabled = !hasPassword;
  }
  part("company-again").hidden = hasPassword;
  onSubmit("company-again", () => {
    keepReturn(location.pathname);
    return goToCompany({ email });
  });
}

function itemOf({ id, name, createdAt }) {
  const remove = button(say("passkey_remove"), say("passkey_remove_named", { name }), () =>
    ask(say("removing_passkey", { name }), ({ password }) =>
      change("passkeyRemove", "passkey-remove", { passkeyId: id, password }),
    ),
  );
  const facts = say("passkey_facts", { createdAt: moment(createdAt) });
  return element("li", "", element("p", "", element("strong", name)), element("p", facts), remove);
}

// Ask for the password, and for the name of a new passkey, and do it. What it gives may hold recovery codes; what
// is not done yet gives null, and shows the step that comes next.
function ask(title, action, { named = false } = {}) {
  part("change-title").textContent = part("change-button").textContent = title;
  part("change-form").reset();
  for (const field of document.querySelectorAll(".passkey-name")) {
    field.hidden = field.disabled = !named;
  }
  onSubmit("change-form", async (fields) => {
    const payload = await action(fields);
    part("change-form").reset();
    if (payload) {
      await showResult(payload);
    }
  });
  showView("change");
}

async function showResult({ recoveryCodes }) {
  if (!recoveryCodes) {
    await showOverview(say("done"));
    return;
  }
  part("code-list").replaceChildren(...recoveryCodes.map((code) => element("li", "", element("code", code))));
  showView("codes");
}

async function startApp({ password }) {
  const { secret, uri, qrCode } = await change("totpStart", "totp-start", { password });
  part("secret").textContent = secret;
  part("app-picture").src = `data:image/svg+xml,${encodeURIComponent(qrCode)}`;
  part("app-link").href = uri;
  part("app-form").reset();
  onSubmit("app-form", async ({ code }) => {
    await showResult(await change("totpConfirm", "totp-confirm", { code: code.trim() }));
  });
  showView("app");
  return null;
}

async function addPasskey({ name, password }) {
  const { challengeToken, passkeyOptions } = await change("passkeyStart", "passkey-start", { password });
  const credential = await newPasskey(passkeyOptions);
  return change("passkeyAdd", "passkey-add", { challengeToken, name, credential });
}

async function lookUp() {
  showView("loading");
  try {
    await showOverview();
  } catch (error) {
    showView("failed");
    showProblem("failed", error);
  }
}

part("app-set-up").onclick = () => ask(say("app_set_up"), startApp);
part("app-remove").onclick = () =>
  ask(say("app_remove"), ({ password }) => change("totpDisable", "totp-disable", { password }));
part("passkey-add").onclick = () => ask(say("passkey_add"), addPasskey, { named: true });
part("codes-renew").onclick = () =>
  ask(say("codes_renew"), ({ password }) => change("recoveryCodesRenew", "recovery-codes-renew", { password }));
part("codes-kept").onclick = lookUp;
part("look-up-again").onclick = lookUp;
for (const back of document.querySelectorAll(".back")) {
  back.onclick = lookUp;
}
lookUp();
