// A failure that can be shown to a person as it is.
export class Problem extends Error {}

export class GraphQLEndpoint {
  constructor(address) {
    this.address = address;
  }

  // The operation's data. Throws a Problem when the server is out of reach or answers with errors.
  async send(query, variables, token = "") {
    const response = await this.#post(JSON.stringify({ query, variables }), token);
    const answer = await response.json().catch(() => {
      throw new Problem(`The server gave no readable answer (status ${response.status}).`);
    });
    if (answer.errors?.length) {
      throw new Problem(answer.errors.map((error) => error.message).join("\n"));
    }
    return answer.data;
  }

  async #post(body, token) {
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    if (token) {
      headers.Authorization = `Bearer ${token}`;
    }
    try {
      return await fetch(this.address, { method: "POST", headers, body });
    } catch {
      throw new Problem("The server cannot be reached. Is there a connection?");
    }
  }
}
