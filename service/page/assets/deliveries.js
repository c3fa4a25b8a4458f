/** Who does not hear what happens: the MQTT broker, and webhooks. */

import { getJson } from "./api.js";
import { byId, h, show } from "./dom.js";
import { may } from "./site.js";
import { text } from "./texts.js";
import { time } from "./words.js";

const PERIOD = 6000;

export class Deliveries {
  #shown = byId("deliveries");
  #said = "";
  #timer = null;

  /** Ask now and from now on, where there is anybody to deliver to. */
  async watch() {
    clearTimeout(this.#timer);
    try {
      const mqtt = await getJson("v1/mqtt", {}, { patient: false });
      const { webhooks } = may("admin") ? await getJson("v1/webhooks", {}, { patient: false }) : { webhooks: [] };
      this.#show([...broker(mqtt), ...webhooks.flatMap(webhook)]);
      if (mqtt.state === "off" && webhooks.length === 0) return;
    } catch {
      // That the service itself fails is said elsewhere.
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.watch(), PERIOD);
  }

  /** Stop asking. */
  stop() {
    clearTimeout(this.#timer);
  }

  #show(troubles) {
    // A screen reader reads what changes.
    const said = JSON.stringify(troubles);
    if (said === this.#said) return;
    this.#said = said;
    const lines = troubles.map(([words, detail]) =>
      h("p", {}, words, " ", detail ? h("span", { lang: "en" }, detail) : null),
    );
    this.#shown.replaceChildren(...lines);
    show(this.#shown, lines.length > 0);
  }
}

function broker({ state, since, behind, last_error: detail }) {
  if (state !== "retrying") return [];
  return [[text("deliveries.mqtt", { time: since ? time(since) : "–", n: behind }), detail]];
}

function webhook({ name, state, behind, last_error: detail }) {
  if (!["retrying", "retired"].includes(state)) return [];
  return [[text(`deliveries.${state}`, { name, n: behind }), detail]];
}
