// Where the person is signed in. Each session can be ended, this one too.
import { button, element } from "./elements.js";
import { ownData, ownPayload, signInAnew } from "./own.js";
import { attempt, moment, onSubmit, operations, part, say, showProblem, showView } from "./views.js";

async function showSessions(done = "") {
  const { sessions } = await ownData("sessions", operations.sessions);
  const { nodes, pageInfo } = sessions;
  part("session-list").replaceChildren(...nodes.map(itemOf));
  part("more-sessions").hidden = !pageInfo.hasNextPage;
  part("others-form").hidden = nodes.length < 2;
  showView("sessions");
  part("ended").textContent = done;
}

function itemOf(session) {
  const client = session.client ?? say("client_unknown");
  const facts = {
    client,
    place: session.place ?? say("place_unknown"),
    createdAt: moment(session.createdAt),
    lastSeenAt: moment(session.lastSeenAt),
  };
  const end = button(say("end"), say("end_named", facts), () => attempt("sessions", () => endSession(session)));
  const name = element("p", "", element("strong", client));
  if (session.current) {
    name.append(" - ", say("this_session"));
  }
  return element("li", "", name, element("p", say("session_facts", facts)), end);
}

async function endSession({ id, current }) {
  await ownPayload("sessionRevoke", operations["session-revoke"], { sessionId: id });
  await (current ? signInAnew() : showSessions(say("ended")));
}

async function lookUp() {
  showView("loading");
  try {
    await showSessions();
  } catch (error) {
    showView("failed");
    showProblem("failed", error);
  }
}

onSubmit("others-form", async () => {
  await ownPayload("sessionRevokeOthers", operations["session-revoke-others"]);
  await showSessions(say("ended_others"));
});
part("look-up-again").onclick = lookUp;
lookUp();
