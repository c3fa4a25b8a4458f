/** The cameras: state, last frame, and a click to see one camera's captures. */

import { getJson, isReady } from "./api.js";
import { byId, h, show } from "./dom.js";
import { fetchInto } from "./pictures.js";
import { text } from "./texts.js";
import { captures, since } from "./words.js";

const PERIOD = 3000;
const RECENT = 10000;

export class Cameras {
  #list = byId("cameras");
  #filters;
  #tiles = new Map();
  #timer = null;

  constructor(filters) {
    this.#filters = filters;
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
  }

  /** Ask how the cameras are, now and from now on while the page is in view. */
  async refresh() {
    clearTimeout(this.#timer);
    try {
      const { cameras } = await getJson("v1/cameras");
      this.#show(cameras);
      show(byId("not-storing"), !(await isReady()));
    } finally {
      clearTimeout(this.#timer);
      if (!document.hidden) this.#timer = setTimeout(() => this.refresh().catch(() => {}), PERIOD);
    }
  }

  /** Stop asking. */
  stop() {
    clearTimeout(this.#timer);
  }

  /** Mark the camera that the filters ask for. */
  mark() {
    for (const [name, tile] of this.#tiles) tile.button.setAttribute("aria-pressed", name === this.#filters.camera);
  }

  #show(cameras) {
    const names = cameras.map(({ name }) => name);
    for (const [name, tile] of this.#tiles) {
      if (names.includes(name)) continue;
      tile.item.remove();
      this.#tiles.delete(name);
    }
    for (const camera of cameras) {
      if (!this.#tiles.has(camera.name)) this.#add(camera.name);
      this.#tiles.get(camera.name).update(camera);
    }
    this.#filters.offer(names);
    this.mark();
    show(byId("no-cameras"), cameras.length === 0);
    show(this.#list, cameras.length > 0);
  }

  #add(name) {
    const tile = new Tile(name, () => (this.#filters.camera = this.#filters.camera === name ? "" : name));
    const next = Array.from(this.#tiles).find(([other]) => other > name);
    this.#list.insertBefore(tile.item, next ? next[1].item : null);
    this.#tiles.set(name, tile);
    this.#tiles = new Map(Array.from(this.#tiles).sort(([one], [other]) => (one < other ? -1 : 1)));
  }
}

class Tile {
  #state = h("span", { class: "state" });
  #facts = h("span", { class: "facts" });
  #image = h("img", { class: "frame", alt: "", hidden: true });
  #lastFrame = null;

  constructor(name, choose) {
    this.name = name;
    this.button = h(
      "button",
      {
        type: "button",
        class: "camera",
        "aria-pressed": "false",
        title: text("camera.choose", { camera: name }),
        click: choose,
      },
      this.#image,
      h("span", { class: "about" }, h("strong", {}, name), this.#state, this.#facts),
    );
    this.item = h("li", {}, this.button);
  }

  update(camera) {
    const state = stateOf(camera);
    this.#state.textContent = text(`camera.state.${state}`);
    this.#state.dataset.state = state;
    this.#state.title = camera.puller?.detail ?? "";
    const last = camera.last_frame_received;
    this.#facts.textContent = [last && since(last), captures(camera.captures)].filter(Boolean).join(" · ");
    if (camera.shown && last !== this.#lastFrame && !document.hidden) this.#showFrame();
    this.#lastFrame = last;
  }

  async #showFrame() {
    show(this.#image, await fetchInto(this.#image, `v1/cameras/${encodeURIComponent(this.name)}/frame`));
  }
}

/** A key of the words for cameras. */
function stateOf({ puller, last_frame_received: last }) {
  if (puller && puller.state !== "streaming") return puller.state;
  if (!last) return "new";
  return Date.now() - Date.parse(last) < RECENT ? "receiving" : "quiet";
}
