/** The captures that are shown, newest shot first: pages of the past, and what comes meanwhile. */

import { say, sayCapture } from "./announcer.js";
import { getJson } from "./api.js";
import { card } from "./cards.js";
import { byId, show } from "./dom.js";
import { text } from "./texts.js";

const PAGE = 48;
const MOST = 480;

export class Gallery {
  #list = byId("captures");
  #held = byId("held");
  #older = byId("older");
  #filters;
  #open;
  #shown = [];
  #cards = new Map();
  #waiting = [];
  #came = [];
  #cursor = null;
  #generation = 0;
  #paused = false;

  /**
   * @param filters which captures.
   * @param open called with the capture whose card was chosen.
   */
  constructor(filters, open) {
    this.#filters = filters;
    this.#open = open;
    this.#held.addEventListener("click", () => this.#release());
    this.#older.addEventListener("click", () => this.#loadOlder());
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    addEventListener("scroll", () => this.#atTop() && !this.#paused && this.#release(), { passive: true });
  }

  set paused(paused) {
    this.#paused = paused;
    if (!paused) this.#release();
  }

  /** Load what the filters ask for. */
  async load() {
    const generation = ++this.#generation;
    this.#list.setAttribute("aria-busy", "true");
    this.#came = [];
    try {
      const page = await getJson("v1/captures", { ...this.#filters.query, limit: PAGE });
      if (generation !== this.#generation) return;
      const focused = this.#shown.find(({ id }) => this.#cards.get(id).contains(document.activeElement));
      this.#clear();
      this.#cursor = page.next_cursor;
      this.#insert(page.captures);
      // Some may have come too late to be on the page.
      this.#insert(this.#came.filter((capture) => this.#filters.match(capture)));
      if (focused) this.focus(this.#cards.has(focused.id) ? focused : this.#shown[0]);
      this.#showState();
      say(this.#shown.length ? text("captures.shown", { n: this.#shown.length }) : text("captures.noneShown"));
    } finally {
      if (generation === this.#generation) this.#list.removeAttribute("aria-busy");
    }
  }

  /** A capture has come. */
  arrived(capture) {
    if (this.#list.ariaBusy) this.#came.push(capture);
    if (!this.#filters.match(capture) || this.#cards.has(capture.id)) return;
    if (this.#paused || !this.#atTop()) {
      if (this.#waiting.every(({ id }) => id !== capture.id)) this.#waiting.push(capture);
    } else {
      this.#insert([capture]);
      sayCapture(capture);
    }
    this.#showState();
  }

  /** A capture is no more; the one beside it, undefined where there is none. */
  remove(capture) {
    const neighbour = this.neighbour(capture, 1) ?? this.neighbour(capture, -1);
    this.#cards.get(capture.id)?.remove();
    this.#cards.delete(capture.id);
    this.#shown = this.#shown.filter(({ id }) => id !== capture.id);
    this.#showState();
    return neighbour;
  }

  /** The capture before (-1) or after (1) one; undefined at the ends. */
  neighbour(capture, step) {
    return this.#shown[this.#shown.findIndex(({ id }) => id === capture.id) + step];
  }

  /** Focus a capture's card, or the heading where it has none. */
  focus(capture) {
    (this.#cards.get(capture?.id)?.firstElementChild ?? byId("captures-title")).focus();
  }

  async #loadOlder() {
    const generation = this.#generation;
    const last = this.#shown.at(-1);
    this.#older.disabled = true;
    try {
      let first = null;
      do {
        const place = this.#cursor === DROPPED ? resumeAt(last) : { cursor: this.#cursor };
        const page = await getJson("v1/captures", { ...this.#filters.query, limit: PAGE, ...place });
        if (generation !== this.#generation) return;
        this.#cursor = page.next_cursor;
        first = this.#insert(page.captures, Infinity);
      } while (!first && this.#cursor);
      this.focus(first ?? last);
      this.#showState();
    } finally {
      this.#older.disabled = false;
    }
  }

  #release() {
    if (!this.#waiting.length) return;
    const came = this.#waiting;
    this.#waiting = [];
    const hadFocus = document.activeElement === this.#held;
    this.#insert(came);
    this.#showState();
    if (hadFocus) {
      scrollTo({ top: 0 });
      this.focus(this.#shown[0]);
    }
  }

  /** Put captures at their places; the first of them that was not there. */
  #insert(list, most = MOST) {
    let first = null;
    for (const capture of list) {
      if (this.#cards.has(capture.id)) continue;
      first ??= capture;
      const place = this.#shown.findIndex((other) => isNewer(capture, other));
      const item = card(capture, this.#open);
      this.#cards.set(capture.id, item);
      if (place < 0) {
        this.#shown.push(capture);
        this.#list.append(item);
      } else {
        this.#list.insertBefore(item, this.#cards.get(this.#shown[place].id));
        this.#shown.splice(place, 0, capture);
      }
    }
    while (this.#shown.length > most) {
      const dropped = this.#shown.pop();
      this.#cards.get(dropped.id).remove();
      this.#cards.delete(dropped.id);
      this.#cursor = DROPPED;
    }
    return first;
  }

  #clear() {
    this.#list.replaceChildren();
    this.#cards.clear();
    this.#shown = [];
    this.#waiting = [];
  }

  #atTop() {
    return this.#list.getBoundingClientRect().top > -120;
  }

  #showState() {
    const waiting = this.#waiting.length;
    this.#held.textContent = text("captures.new", { n: waiting });
    show(this.#held, waiting > 0);
    show(this.#older, this.#cursor !== null);
    const empty = byId("no-captures");
    show(empty, this.#shown.length === 0);
    empty.textContent = text(this.#filters.narrow ? "captures.noneFits" : "captures.noneYet");
  }

  /** Arrow keys go from card to card as they lie on the screen. */
  #move(event) {
    const items = Array.from(this.#list.children);
    const place = items.indexOf(document.activeElement.parentElement);
    if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const columns = items.filter((item) => item.offsetTop === items[0].offsetTop).length;
    const last = items.length - 1;
    const targets = {
      ArrowLeft: place - 1,
      ArrowRight: place + 1,
      ArrowUp: place - columns,
      ArrowDown: place + columns,
      Home: 0,
      End: last,
    };
    const next = items[targets[event.key]];
    if (!next) return;
    event.preventDefault();
    next.firstElementChild.focus();
  }
}

/** In place of a cursor: there are older captures, whose cards were dropped. */
const DROPPED = Symbol("dropped");

/** Where no cursor leads on, go by the time of the last card, known to the millisecond. */
const resumeAt = (last) => ({ to: new Date(Date.parse(last.time) + 1).toISOString() });

function isNewer(one, other) {
  const difference = Date.parse(one.time) - Date.parse(other.time);
  return difference > 0 || (difference === 0 && one.id > other.id);
}
