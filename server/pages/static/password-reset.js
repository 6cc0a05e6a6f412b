// The page that sets a new password: with the secret of a link it does, without one it has a link sent.
import { operations, onSubmit, secret, showView } from "./mailbox.js";
import { forgetToken, keepDevice } from "./session.js";

onSubmit("request", async ({ email }, payloadOf) => {
  await payloadOf("passwordResetRequest", operations["password-reset-request"], { email });
  showView("requested");
});
onSubmit("reset", async ({ newPassword }, payloadOf) => {
  const input = { token: secret, newPassword };
  const { deviceToken } = await payloadOf("passwordReset", operations["password-reset"], input);
  keepDevice(deviceToken);
  forgetToken();
  showView("done");
});
showView(secret ? "reset" : "request");
