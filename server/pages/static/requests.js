// A failure that can be shown to a person as it is.
export class Problem extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

// What a person is shown of a failure; what is not meant for people goes to the console.
export function inWords(error) {
  if (error instanceof Problem) {
    return error.message;
  }
  console.error(error);
  return "Something on this page went wrong. Please try again.";
}

export class GraphQLEndpoint {
  constructor(address) {
    this.address = address;
  }

  // The operation's data. Throws a Problem when the server is out of reach or answers with errors.
  async send(query, variables, token = "") {
    const response = await this.#post(JSON.stringify({ query, variables }), token);
    const answer = await response.json().catch(() => {
      throw new Problem(`The server gave no readable answer (status ${response.status}).`, "UNREADABLE");
    });
    if (answer.errors?.length) {
      const [{ extensions }] = answer.errors;
      throw new Problem(answer.errors.map((error) => error.message).join("\n"), extensions?.code);
    }
    return answer.data;
  }

  // The payload of a mutation that did what it was asked to; otherwise a Problem with the server's words.
  async payloadOf(field, document, input, token) {
    const payload = (await this.send(document, { input }, token))[field];
    if (payload.userErrors.length) {
      const [{ code }] = payload.userErrors;
      throw new Problem(payload.userErrors.map((error) => error.message).join("\n"), code);
    }
    return payload;
  }

  async #post(body, token) {
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    if (token) {
      headers.Authorization = `Bearer ${token}`;
    }
    try {
      return await fetch(this.address, { method: "POST", headers, body });
    } catch {
      throw new Problem("The server cannot be reached. Is there a connection?", "UNREACHABLE");
    }
  }
}
