// The page that sets a new password: with the secret of a link it does, without one it has a link sent.
import { forgetToken, keepDevice } from "./session.js";
import { onSubmit, operations, secret, server, showView } from "./views.js";

onSubmit("request-form", async ({ email }) => {
  await server.payloadOf("passwordResetRequest", operations["password-reset-request"], { email });
  showView("requested");
});
onSubmit("reset-form", async ({ newPassword }) => {
  const input = { token: secret, newPassword };
  const { deviceToken } = await server.payloadOf("passwordReset", operations["password-reset"], input);
  keepDevice(deviceToken);
  forgetToken();
  showView("done");
});
showView(secret ? "reset" : "request");
