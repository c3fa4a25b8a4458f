/** Calls to the service: the key goes along, an error answer is a `Problem`. */

import { text } from "./texts.js";

const STORED = "facecap.key";

/** The API key, kept until the tab is closed. */
export const key = {
  get: () => sessionStorage.getItem(STORED),
  set: (value) => sessionStorage.setItem(STORED, value),
};

/** An answer that is no success. */
export class Problem extends Error {
  constructor(status, code, sentence) {
    super(sentence);
    this.status = status;
    this.code = code;
  }

  static async of(response) {
    const said = await response.json().catch(() => ({}));
    const sentence = said.detail || said.title || text("page.answered", { status: String(response.status) });
    return new Problem(response.status, said.code ?? "", sentence);
  }

  /** Whether the service itself said it: an answer without a code is that of a proxy before a service that is gone. */
  get said() {
    return this.code !== "";
  }

  /** Whether another key could help. */
  get asksForKey() {
    return this.status === 401 || this.status === 403;
  }
}

/** What is said of a call that failed. */
export function failure(problem) {
  const refused = problem instanceof Problem && problem.said;
  return text(refused ? "page.refused" : "page.noAnswer", { problem: problem.message });
}

/** A path of the service with parameters that have a value; relative, so that a proxy may add a prefix. */
export function address(path, parameters = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

let ahead = 0;

/** The time by the clock of the service, which an answer has told to the second. */
export const serverNow = () => Date.now() + ahead;

function setClock(response) {
  const difference = Date.parse(response.headers.get("Date")) - Date.now();
  // Below that it is the way of the answer, and what the header leaves out.
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > 3000 ? difference : 0;
}

/** A key's rate may be limited: what is asked for too often is asked for again when the service says. */
const TRIES = 4;
const LONGEST_WAIT = 10;

/**
 * Fetch; throws `Problem` for an error answer and TypeError where the service cannot be reached. One that is not
 * `patient` asks once alone.
 */
export async function call(url, { headers = {}, patient = true, ...options } = {}) {
  const secret = key.get();
  const authorization = secret ? { Authorization: `Bearer ${secret}` } : {};
  for (let left = patient ? TRIES - 1 : 0; ; left--) {
    const response = await fetch(url, { ...options, headers: { ...headers, ...authorization } });
    setClock(response);
    if (response.ok) return response;
    if (response.status !== 429 || !left) throw await Problem.of(response);
    const wait = Math.min(Number(response.headers.get("Retry-After")) || 1, LONGEST_WAIT);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

/** Fetch JSON. */
export async function getJson(path, parameters, options) {
  return (await call(address(path, parameters), options)).json();
}

/** The code of the problem that keeps the service from its work; empty where there is none. */
export async function unreadiness({ signal }) {
  const response = await fetch(address("readyz"), { signal });
  return response.ok ? "" : (await Problem.of(response)).code;
}
