/** Alerts that nobody has seen, and who saw the last ones. */

import { say } from "./announcer.js";
import { address, call, getJson } from "./api.js";
import { cropPath, maskBadge, timeElement } from "./cards.js";
import { byId, h, show } from "./dom.js";
import { nameOf, named } from "./names.js";
import { showLater } from "./pictures.js";
import { text } from "./texts.js";
import { time } from "./words.js";

// Others may see them too.
const PERIOD = 20000;
const SETTLING = 200;
const MOST = 24;
const LATELY = 10;

export class Alerts {
  #list = byId("alerts");
  #bell;
  #items = new Map();
  #timer = null;
  #wanted = false;

  /** @param bell rings when an alert comes. */
  constructor(bell) {
    this.#bell = bell;
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon(0));
  }

  /** Ask which there are, now and from now on while the page is in view; throws as `call`. */
  async refresh() {
    this.#wanted = true;
    clearTimeout(this.#timer);
    try {
      const [unseen, seen] = await Promise.all([
        getJson("v1/alerts", { seen: false, limit: MOST }),
        getJson("v1/alerts", { seen: true, limit: LATELY }),
      ]);
      this.#show(unseen);
      this.#showSeen(seen.alerts);
      const known = unseen.rules.length + unseen.alerts.length + seen.alerts.length > 0;
      show(byId("alerts-section"), known);
    } finally {
      if (!document.hidden) this.#soon(PERIOD);
    }
  }

  /** An alert was raised. */
  arrived(alert) {
    this.#bell.ring(alert);
    this.#soon(SETTLING);
  }

  /** Stop asking. */
  stop() {
    this.#wanted = false;
    clearTimeout(this.#timer);
  }

  #soon(wait) {
    clearTimeout(this.#timer);
    if (!this.#wanted) return;
    this.#timer = setTimeout(() => this.refresh().catch(() => {}), wait);
  }

  #show({ alerts, unseen }) {
    const ids = new Set(alerts.map(({ id }) => id));
    for (const id of this.#items.keys()) if (!ids.has(id)) this.#remove(id);
    for (const [place, alert] of alerts.entries()) {
      if (!this.#items.has(alert.id)) this.#items.set(alert.id, this.#item(alert));
      const item = this.#items.get(alert.id);
      if (this.#list.children[place] !== item) this.#list.insertBefore(item, this.#list.children[place] ?? null);
    }
    byId("alerts-count").textContent = unseen ? text("alerts.unseen", { n: unseen }) : text("alerts.none");
    byId("alerts-more").textContent = text("alerts.more", { n: unseen - alerts.length });
    show(byId("alerts-more"), unseen > alerts.length);
  }

  #showSeen(alerts) {
    const rows = alerts.map((alert) => {
      const when = time(alert.seen_at);
      const known = alert.seen_by !== "anybody";
      const who = known ? text("alerts.seenBy", { who: alert.seen_by, time: when }) : text("alerts.seenAt", { time: when });
      return h("li", {}, badge(alert), named(alert.camera), timeElement(alert.time), h("span", { class: "name" }, who));
    });
    byId("alerts-seen").replaceChildren(...rows);
    show(byId("alerts-lately"), rows.length > 0);
  }

  #item(alert) {
    const image = h("img", { alt: "", width: 112, height: 112, class: "crop" });
    if (alert.capture) showLater(image, cropPath({ id: alert.capture }));
    const label = text("alerts.seeThis", { camera: nameOf(alert.camera), time: time(alert.time) });
    const failure = h("p", { class: "error", role: "alert" });
    const button = h("button", { type: "button", "aria-label": label }, text("alerts.see"));
    button.addEventListener("click", () => this.#see(alert.id, button, failure));
    const rule = h("span", { class: "name rule" }, alert.rule);
    const facts = h("div", { class: "facts" }, badge(alert), named(alert.camera), timeElement(alert.time), rule);
    return h("li", { class: "alert" }, alert.capture && image, facts, button, failure);
  }

  async #see(id, button, failure) {
    button.disabled = true;
    try {
      await call(address(`v1/alerts/${encodeURIComponent(id)}/seen`), { method: "POST" });
      const next = this.#items.get(id)?.nextElementSibling ?? this.#items.get(id)?.previousElementSibling;
      this.#remove(id);
      (next?.querySelector("button") ?? byId("alerts-title")).focus();
      say(text("alerts.wasSeen"));
      this.#soon(0);
    } catch (problem) {
      failure.textContent = text("alerts.notSeen", { problem: problem.message });
      button.disabled = false;
    }
  }

  #remove(id) {
    this.#items.get(id)?.remove();
    this.#items.delete(id);
  }
}

const badge = ({ mask }) =>
  mask ? maskBadge(mask) : h("span", { class: "badge", "data-mask": "unknown" }, text("alerts.offline"));
