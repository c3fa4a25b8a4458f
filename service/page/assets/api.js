/** Calls to the service: the key goes along, an error answer is a `Problem`. */

const STORED = "facecap.key";

/** The API key, kept until the tab is closed. */
export const key = {
  get: () => sessionStorage.getItem(STORED),
  set: (value) => sessionStorage.setItem(STORED, value),
};

/** An answer that is no success. */
export class Problem extends Error {
  constructor(status, code, text) {
    super(text);
    this.status = status;
    this.code = code;
  }

  static async of(response) {
    const said = await response.json().catch(() => ({}));
    const text = said.detail || said.title || `The service answered ${response.status}.`;
    return new Problem(response.status, said.code ?? "", text);
  }

  /** Whether another key could help. */
  get asksForKey() {
    return this.status === 401 || this.status === 403;
  }
}

/** A path of the service with parameters, those without a value left out; relative, so that a proxy may add a prefix. */
export function address(path, parameters = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

/** Fetch; throws `Problem` for an error answer and TypeError where the service cannot be reached. */
export async function call(url, { headers = {}, ...options } = {}) {
  const secret = key.get();
  const authorization = secret ? { Authorization: `Bearer ${secret}` } : {};
  const response = await fetch(url, { ...options, headers: { ...headers, ...authorization } });
  if (!response.ok) throw await Problem.of(response);
  return response;
}

/** Fetch JSON. */
export async function getJson(path, parameters, options) {
  return (await call(address(path, parameters), options)).json();
}
