// The person whom a token belongs to.
import { operations, server } from "./views.js";

// Null for an API key, and for a session that has ended: the visitor can sign in anew.
export async function personOf(token) {
  try {
    return (await server.send(operations.viewer, {}, token)).viewer?.user ?? null;
  } catch {
    return null;
  }
}
