// Questions to the Python that serves the page; a page in a file has nobody to ask.

/** Ask, and get the answer's JSON; an error says what Python said. */
export class Server {
  constructor(system) {
    this.token = system.served;
  }

  get isThere() {
    return this.token !== null;
  }

  async post(question, body) {
    const answer = await fetch(`api/${question}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Thalweg": this.token },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error((await answer.text()) || `status ${answer.status}`);
    return answer;
  }

  async ask(question, body) {
    return (await this.post(question, body)).json();
  }

  /** The field on a grid of the view, as float32. */
  async field(values, time, view, count, rows) {
    const answer = await this.post("field", { values, time, view, count, rows });
    return { data: new Float32Array(await answer.arrayBuffer()), view, count, rows };
  }
}
