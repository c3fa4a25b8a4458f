/**
 * Server-sent events over fetch, for EventSource sends no key. After a break it asks for what came meanwhile.
 */

import { Problem, address, call } from "./api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
// Longer than the setting events.keep_alive_seconds may be.
const SILENCE = 45000;

export class Stream {
  #onEvent;
  #onState;
  #onBytes;
  #silence = null;
  #lastId = null;
  #abort = new AbortController();
  #wake = null;

  /**
   * @param onEvent called with {id, kind, data}.
   * @param onState called with "connecting", "live", "lost" or "refused", and with the Problem of "refused".
   * @param onBytes called whenever anything came.
   */
  constructor({ onEvent, onState, onBytes }) {
    this.#onEvent = onEvent;
    this.#onState = onState;
    this.#onBytes = onBytes;
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.retry());
  }

  /** Connect, and again after every break, until refused; called again, it begins anew. */
  async run() {
    this.#abort.abort();
    const { signal } = (this.#abort = new AbortController());
    for (let wait = FIRST_WAIT; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        await this.#connection(signal, () => (wait = FIRST_WAIT));
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Problem && error.asksForKey) return this.#onState("refused", error);
      }
      this.#onState("lost");
      await this.#pause(wait * (0.75 + Math.random() / 2));
    }
  }

  /** Do not wait any longer for the next try. */
  retry() {
    this.#wake?.();
  }

  /** Connect anew: what seems to be open may be dead. */
  renew() {
    this.#silence?.abort();
    this.retry();
  }

  async #connection(signal, onOpen) {
    this.#onState("connecting");
    const silence = (this.#silence = new AbortController());
    const watch = new Watchdog(() => silence.abort());
    try {
      const headers = { Accept: "text/event-stream" };
      if (this.#lastId !== null) headers["Last-Event-ID"] = this.#lastId;
      const either = AbortSignal.any([signal, silence.signal]);
      const answer = await call(address("v1/events"), { headers, cache: "no-store", signal: either });
      onOpen();
      this.#onState("live");
      const fed = () => {
        watch.fed();
        this.#onBytes();
      };
      for await (const event of parse(answer.body, fed)) {
        if (event.id !== null) this.#lastId = event.id;
        if (event.data !== "") this.#onEvent({ ...event, data: JSON.parse(event.data) });
      }
    } finally {
      watch.stop();
    }
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).finally(() => (this.#wake = null));
  }
}

/** Ends a connection that has gone silent. */
class Watchdog {
  #timer;

  constructor(bark) {
    this.bark = bark;
    this.fed();
  }

  fed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.bark, SILENCE);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

/** The events of a body, as the HTML standard's event stream format has them. */
export async function* parse(body, onBytes = () => {}) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { id: null, kind: "message", data: [] };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        yield { ...event, data: event.data.join("\n") };
        event = { id: null, kind: "message", data: [] };
      } else {
        read(line, event);
      }
    }
  }
}

function read(line, event) {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "event") event.kind = value;
  else if (name === "id") event.id = value;
  else if (name === "data") event.data.push(value);
}
