/** Asks for the API key when the service wants one. */

import { key } from "./api.js";
import { byId, show } from "./dom.js";
import { text } from "./texts.js";

export class KeyDialog {
  #dialog = byId("key");
  #form = byId("key-form");

  /** @param onKey called when a key was entered. */
  constructor(onKey) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      key.set(this.#form.elements.key.value.trim());
      this.#form.reset();
      this.#dialog.close();
      this.#showButton();
      onKey();
    });
    byId("change-key").addEventListener("click", () => this.ask());
    this.#showButton();
  }

  /** Open; `problem` is why the key that is there does not do. */
  ask(problem) {
    const unknown = problem?.status === 401;
    byId("key-error").textContent = problem && key.get() ? (unknown ? text("key.unknown") : problem.message) : "";
    this.#showButton(true);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #showButton(wanted = Boolean(key.get())) {
    show(byId("change-key"), wanted);
  }
}
