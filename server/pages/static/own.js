// What the pages of a signed-in person send. Whose session is over signs in anew, and comes back.
import { forgetToken, keepReturn, keptToken } from "./session.js";
import { server } from "./views.js";

// The signed-in person as viewer. An API key has no `field`.
export async function ownData(field, document) {
  const { viewer } = await orSignIn(() => server.send(document, {}, keptToken()));
  return viewer?.[field] ? viewer : signInAnew();
}

export function ownPayload(field, document, input) {
  return orSignIn(() => server.payloadOf(field, document, input, keptToken()));
}

export function signInAnew() {
  forgetToken();
  keepReturn(location.pathname);
  location.replace("/sign-in");
  // The page is left: nothing that waits for an answer goes on.
  return new Promise(() => {});
}

async function orSignIn(send) {
  if (!keptToken()) {
    return signInAnew();
  }
  try {
    return await send();
  } catch (error) {
    if (error.code === "UNAUTHENTICATED") {
      return signInAnew();
    }
    throw error;
  }
}
