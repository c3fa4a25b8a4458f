/** A camera's tile: its name, how it is, its last frame, and what is wrong with it. */

import { serverNow } from "./api.js";
import { h, show } from "./dom.js";
import { named } from "./names.js";
import { fetchInto } from "./pictures.js";
import { may } from "./site.js";
import { text } from "./texts.js";
import { troubleItem } from "./trouble.js";
import { captures, since, time } from "./words.js";

const RECENT = 10000;

export class Tile {
  #state = h("span", { class: "state" });
  #facts = h("span", { class: "facts" });
  #image = h("img", { class: "frame", alt: "", hidden: true });
  #troubles = h("ul", { class: "troubles", hidden: true });
  #gear;
  #lastFrame = null;
  #camera = null;

  /**
   * @param name of the camera.
   * @param choose called when it is clicked.
   * @param setUp called with the camera's report when its settings are asked for, which `admin` may.
   */
  constructor(name, choose, setUp) {
    this.name = name;
    const about = h("span", { class: "about" }, named(name, "strong"), this.#state, this.#facts);
    const attributes = { type: "button", class: "camera", "aria-pressed": "false", title: text("camera.choose", { camera: name }) };
    this.button = h("button", { ...attributes, click: choose }, this.#image, about);
    const words = text("settings.open", { camera: name });
    this.#gear = h("button", { class: "quiet set-up", type: "button", "aria-label": words, title: words, hidden: true }, "⚙");
    this.#gear.addEventListener("click", () => setUp(this.#camera));
    this.item = h("li", {}, this.button, this.#gear, this.#troubles);
  }

  /** Show a report. */
  update(camera) {
    this.#camera = camera;
    this.#say(stateOf(camera), facts(camera));
    show(this.#gear, may("admin"));
    const { trouble } = camera;
    this.#troubles.replaceChildren(...trouble.map(troubleItem));
    show(this.#troubles, trouble.length > 0);
    const last = camera.last_frame_received;
    if (camera.shown && last !== this.#lastFrame && !document.hidden) this.#showFrame();
    this.#lastFrame = last;
  }

  /** Nothing is known of the camera any more: what was known last is no news. */
  outdate() {
    const last = this.#camera.last_seen ?? this.#camera.last_frame_received;
    const words = last ? text("camera.last", { time: time(last) }) : "";
    this.#say(["unknown", text("camera.state.unknown")], [words, captures(this.#camera.captures)]);
  }

  #say([state, words], parts) {
    this.#state.textContent = words;
    this.#state.dataset.state = state;
    this.#facts.textContent = parts.filter(Boolean).join(" · ");
  }

  async #showFrame() {
    show(this.#image, await fetchInto(this.#image, `v1/cameras/${encodeURIComponent(this.name)}/frame`));
  }
}

/** What colours the state, and its words. */
function stateOf(camera) {
  const key = stateKey(camera);
  const moment = { offline: camera.since, closed: camera.schedule?.until }[key];
  if (moment) return [key, text(`camera.until.${key}`, { time: time(moment) })];
  return [key, text(`camera.state.${key}`)];
}

function stateKey({ puller, schedule, online, last_seen: seen, last_frame_received: last, source }) {
  if (schedule && !schedule.open) return "closed";
  if (!online && !seen && !puller) return "new";
  if (puller && puller.state !== "streaming") return puller.state;
  if (!online) return "offline";
  if (source === "board") return "online";
  return last && serverNow() - Date.parse(last) < RECENT ? "receiving" : "quiet";
}

function facts({ last_seen: seen, last_frame_received: last, captures: number }) {
  const latest = last ?? seen;
  return [latest && since(latest), captures(number)];
}
