/** The cameras: those with trouble first, then area by area; a click shows one camera's captures. */

import { Problem, failure, getJson, unreadiness } from "./api.js";
import { byId, h, show, write } from "./dom.js";
import { learnNames, nameOf } from "./names.js";
import { PATIENCE } from "./pulse.js";
import { locale, text } from "./texts.js";
import { Tile } from "./tile.js";
import { retitle } from "./title.js";
import { KINDS } from "./trouble.js";

const PERIOD = 3000;

/** What is said of a service that is not ready, by the code of its problem. */
const UNREADY = { store_unavailable: "notStoring", cluster_unavailable: "noCluster" };

export class Cameras {
  #list = byId("cameras");
  #filters;
  #pulse;
  #setUp;
  #tiles = new Map();
  #order = "";
  #timer = null;
  #asking = null;
  #wanted = false;

  /**
   * @param filters which captures are shown.
   * @param pulse hears whether the service answers.
   * @param setUp called with a camera's report when its settings are asked for.
   */
  constructor(filters, pulse, setUp) {
    this.#filters = filters;
    this.#pulse = pulse;
    this.#setUp = setUp;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#wanted) this.refresh().catch(() => {});
    });
  }

  /** Ask how the cameras are, now and from now on: a page in the background says in its title what is wrong. */
  refresh() {
    this.#wanted = true;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
      clearTimeout(this.#timer);
      if (this.#wanted) this.#timer = setTimeout(() => this.refresh().catch(() => {}), PERIOD);
    });
    return this.#asking;
  }

  /** Stop asking. */
  stop() {
    this.#wanted = false;
    clearTimeout(this.#timer);
  }

  /** Mark the camera that the filters ask for. */
  mark() {
    for (const [name, tile] of this.#tiles) tile.button.setAttribute("aria-pressed", name === this.#filters.camera);
  }

  /** The service is gone: nothing is known of the cameras. */
  outdate() {
    for (const tile of this.#tiles.values()) tile.outdate();
  }

  async #ask() {
    const soon = () => ({ signal: AbortSignal.timeout(PATIENCE), patient: false });
    try {
      const { cameras } = await getJson("v1/cameras", {}, soon());
      this.#pulse.beat();
      this.#fail("");
      this.#show(cameras);
      const unready = UNREADY[await unreadiness(soon())];
      write(byId("unready"), unready ? text(`page.${unready}`) : "");
      show(byId("unready"), Boolean(unready));
      this.#sum(cameras, unready);
    } catch (error) {
      const answered = error instanceof Problem && error.said;
      if (answered) this.#pulse.beat();
      else this.#pulse.miss();
      if (answered && !error.asksForKey) this.#fail(failure(error));
      throw error;
    }
  }

  /** Say why nothing is known of the cameras. */
  #fail(sentence) {
    write(byId("cameras-fault"), sentence);
    show(byId("cameras-fault"), sentence !== "");
    if (sentence) this.outdate();
  }

  #show(cameras) {
    learnNames(cameras);
    const names = cameras.map(({ name }) => name);
    for (const name of this.#tiles.keys()) if (!names.includes(name)) this.#tiles.delete(name);
    for (const camera of cameras) {
      if (!this.#tiles.has(camera.name)) this.#tiles.set(camera.name, this.#tile(camera.name));
      this.#tiles.get(camera.name).update(camera);
    }
    this.#arrange(cameras);
    this.#filters.offer(names);
    this.mark();
    show(byId("no-cameras"), cameras.length === 0);
    show(this.#list, cameras.length > 0);
  }

  #tile(name) {
    return new Tile(name, () => (this.#filters.camera = this.#filters.camera === name ? "" : name), this.#setUp);
  }

  /** Lay the tiles out anew where their order has changed; the focus stays where it is. */
  #arrange(cameras) {
    const groups = grouped(cameras);
    const order = JSON.stringify(groups);
    if (order === this.#order) return;
    this.#order = order;
    const focused = document.activeElement;
    const lists = groups.flatMap(([title, names]) => [
      title ? h("h3", {}, title) : null,
      h("ul", { class: "tiles" }, ...names.map((name) => this.#tiles.get(name).item)),
    ]);
    this.#list.replaceChildren(...lists.filter(Boolean));
    if (this.#list.contains(focused)) focused.focus({ preventScroll: true });
  }

  #sum(cameras, unready) {
    const wrong = cameras.filter(({ trouble }) => trouble.length).length;
    const words = wrong ? text("cameras.trouble", { n: wrong }) : "";
    const brief = [text("cameras.count", { n: cameras.length }), wrong ? text("cameras.ofThem", { n: wrong }) : ""];
    byId("cameras-brief").textContent = brief.filter(Boolean).join(" · ");
    byId("cameras-brief").dataset.wrong = wrong > 0;
    byId("trouble").textContent = words;
    show(byId("trouble"), wrong > 0);
    retitle({ trouble: unready ? text(`title.${unready}`) : words });
  }
}

/** How bad the worst of a camera's troubles is; less is worse. */
const rank = ({ trouble }) => KINDS.indexOf(trouble[0].kind);

/** Pairs of a heading, null where none is needed, and the cameras below it. */
function grouped(cameras) {
  const inOrder = (one, other) => one.localeCompare(other, locale, { numeric: true });
  const byName = (one, other) => inOrder(nameOf(one.name), nameOf(other.name));
  const wrong = cameras.filter(({ trouble }) => trouble.length);
  const well = cameras.filter(({ trouble }) => !trouble.length);
  const areas = Array.from(new Set(well.map(({ area }) => area).filter(Boolean))).sort(inOrder);
  const rest = well.filter(({ area }) => !area);
  const groups = [
    [text("cameras.wrong"), wrong.sort((one, other) => rank(one) - rank(other) || byName(one, other))],
    ...areas.map((title) => [title, well.filter(({ area }) => area === title).sort(byName)]),
    [areas.length || wrong.length ? text("cameras.rest") : null, rest.sort(byName)],
  ];
  return groups
    .filter(([, members]) => members.length)
    .map(([title, members]) => [title, members.map(({ name }) => name)]);
}
