/** The visits that are shown, newest first: pages of the past, and what comes meanwhile. */

import { say, sayCapture } from "./announcer.js";
import { getJson, serverNow } from "./api.js";
import { Card } from "./cards.js";
import { byId, show } from "./dom.js";
import { moveByArrows } from "./grid_keys.js";
import { text } from "./texts.js";

const PAGE = 48;
const MOST = 480;
const SETTLING = 250;

export class Gallery {
  #list = byId("captures");
  #held = byId("held");
  #older = byId("older");
  #filters;
  #open;
  #onWaiting;
  #shown = [];
  #cards = new Map();
  #waiting = new Map();
  #came = [];
  #changed = new Set();
  // More came than is kept: the list is to be loaded anew.
  #overflown = false;
  #looking = null;
  #cursor = null;
  #generation = 0;
  #paused = null;
  // Whether the list is at the top of the window; null where it is to be measured.
  #isAtTop = null;

  /**
   * @param filters which visits.
   * @param open called with the visit whose card was chosen.
   * @param onWaiting called with the number of visits that are held back, whenever it changes.
   */
  constructor(filters, open, onWaiting) {
    this.#filters = filters;
    this.#open = open;
    this.#onWaiting = onWaiting;
    this.#held.addEventListener("click", () => this.#release());
    this.#older.addEventListener("click", () => this.#loadOlder());
    this.#list.addEventListener("keydown", (event) => moveByArrows(this.#list, event));
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  /** Since when nothing new is shown, as a Date; null while it is. */
  set paused(since) {
    this.#paused = since;
    if (!since) this.#release();
    this.#showState();
  }

  /** Load what the filters ask for; where it is paused, what came since is held back unless `all` is wanted. */
  async load({ all = false } = {}) {
    const generation = ++this.#generation;
    const fault = this.#filters.fault;
    this.#came = [];
    if (fault) {
      this.empty();
      return;
    }
    this.#list.setAttribute("aria-busy", "true");
    try {
      const page = await getJson("v1/visits", { ...this.#filters.query, limit: PAGE });
      if (generation !== this.#generation) return;
      const focused = this.#shown.find(({ id }) => this.#cards.get(id).item.contains(document.activeElement));
      this.#clear();
      this.#cursor = page.next_cursor;
      this.#insert(all ? page.visits : this.#holdBack(page.visits));
      // Some may have come too late to be on the page.
      for (const capture of this.#came) this.#take(capture);
      if (focused) this.focus(this.#cards.has(focused.id) ? focused : this.#shown[0]);
      this.#showState();
      say(this.#shown.length ? text("visits.shown", { n: this.#shown.length }) : text("visits.noneShown"));
    } finally {
      if (generation === this.#generation) this.#list.removeAttribute("aria-busy");
    }
  }

  /** Show nothing: what the filters ask for cannot be told. */
  empty() {
    this.#generation++;
    this.#cursor = null;
    this.#clear();
    this.#list.removeAttribute("aria-busy");
    this.#showState();
  }

  /** A capture has come. */
  arrived(capture) {
    if (this.#list.ariaBusy) this.#came.push(capture);
    if (this.#take(capture)) sayCapture(capture);
    this.#showState();
  }

  /** Drop what has left the time that is shown. */
  age() {
    const old = this.#shown.filter((visit) => !this.#filters.inRange(visit));
    for (const visit of old) this.remove(visit);
    for (const [id, visit] of this.#waiting) if (!this.#filters.inRange(visit)) this.#waiting.delete(id);
    this.#showState();
  }

  /** A visit is no more; the one beside it, undefined where there is none. */
  remove({ id }) {
    const neighbour = this.neighbour({ id }, 1) ?? this.neighbour({ id }, -1);
    this.#cards.get(id)?.item.remove();
    this.#cards.delete(id);
    this.#waiting.delete(id);
    this.#shown = this.#shown.filter((visit) => visit.id !== id);
    this.#showState();
    return neighbour;
  }

  /** Look again at a visit that has changed, as when another capture of it came. */
  lookAt(id) {
    if (this.#paused && this.#changed.size >= PAGE) this.#overflown = true;
    else this.#changed.add(id);
    this.#looking ??= new Promise((resolve) => setTimeout(resolve, SETTLING))
      .then(() => this.#look())
      .finally(() => (this.#looking = null));
  }

  /** The visit before (-1) or after (1) one; undefined at the ends. */
  neighbour({ id }, step) {
    const place = this.#shown.findIndex((visit) => visit.id === id);
    return place < 0 ? undefined : this.#shown[place + step];
  }

  /** Focus a visit's card, or the heading where it has none. */
  focus(visit) {
    (this.#cards.get(visit?.id)?.button ?? byId("captures-title")).focus();
  }

  /** Whether a capture begins a visit that is shown now. The first one says all of its visit; of others it is asked. */
  #take(capture) {
    const { visit_id: id, camera, track_id, time, mask, quality } = capture;
    if (this.#filters.camera && camera !== this.#filters.camera) return false;
    if (capture.id !== id) {
      this.lookAt(id);
    } else if (!this.#cards.has(id)) {
      return this.#put({ id, camera, track_id, time, last: time, captures: 1, mask, quality, best: capture });
    }
    return false;
  }

  /** Put a visit at its place, or what is shown of it right; whether its card is new. */
  #put(visit) {
    const { id } = visit;
    const fits = this.#filters.match(visit) && !this.#filters.fault;
    const card = this.#cards.get(id);
    if (!fits) {
      this.remove(visit);
    } else if (card) {
      card.update(visit);
      this.#shown[this.#shown.findIndex((shown) => shown.id === id)] = visit;
    } else if (this.#paused || !this.#atTop()) {
      if (this.#waiting.size < MOST || this.#waiting.has(id)) this.#waiting.set(id, visit);
      else this.#overflown = true;
    } else {
      return this.#insert([visit]) !== null;
    }
    return false;
  }

  async #look() {
    while (this.#changed.size && !this.#paused) {
      const [id] = this.#changed;
      this.#changed.delete(id);
      const generation = this.#generation;
      try {
        const visit = await getJson(`v1/visits/${encodeURIComponent(id)}`);
        if (generation === this.#generation) this.#put(visit);
      } catch (problem) {
        if (problem.status === 404) this.remove({ id });
      }
    }
    this.#showState();
  }

  async #loadOlder() {
    const generation = this.#generation;
    const last = this.#shown.at(-1);
    this.#older.disabled = true;
    try {
      let first = null;
      do {
        const place = this.#cursor === DROPPED ? resumeAt(last) : { cursor: this.#cursor };
        const page = await getJson("v1/visits", { ...this.#filters.query, limit: PAGE, ...place });
        if (generation !== this.#generation) return;
        this.#cursor = page.next_cursor;
        first = this.#insert(this.#holdBack(page.visits), Infinity);
      } while (!first && this.#cursor);
      this.focus(first ?? last);
      this.#showState();
    } finally {
      this.#older.disabled = false;
    }
  }

  /** Have visits that began after the pause wait; those that are left. */
  #holdBack(visits) {
    if (!this.#paused) return visits;
    const pause = this.#paused.getTime() + serverNow() - Date.now();
    const late = visits.filter(({ time }) => Date.parse(time) > pause);
    for (const visit of late) if (!this.#cards.has(visit.id)) this.#waiting.set(visit.id, visit);
    return visits.filter((visit) => !late.includes(visit));
  }

  #release() {
    if (this.#overflown) {
      this.load({ all: true }).catch(() => {});
      return;
    }
    const came = Array.from(this.#waiting.values());
    this.#waiting.clear();
    for (const id of this.#changed) this.lookAt(id);
    if (!came.length) return;
    const hadFocus = document.activeElement === this.#held;
    this.#insert(came);
    this.#showState();
    if (hadFocus) {
      scrollTo({ top: 0 });
      this.focus(this.#shown[0]);
    }
  }

  /** Put visits at their places; the first of them that was not there. */
  #insert(list, most = MOST) {
    let first = null;
    for (const visit of list) {
      if (this.#cards.has(visit.id)) continue;
      first ??= visit;
      const place = this.#shown.findIndex((other) => isNewer(visit, other));
      const card = new Card(visit, this.#open);
      this.#cards.set(visit.id, card);
      if (place < 0) {
        this.#shown.push(visit);
        this.#list.append(card.item);
      } else {
        this.#list.insertBefore(card.item, this.#cards.get(this.#shown[place].id).item);
        this.#shown.splice(place, 0, visit);
      }
    }
    while (this.#shown.length > most) {
      const dropped = this.#shown.pop();
      this.#cards.get(dropped.id).item.remove();
      this.#cards.delete(dropped.id);
      this.#cursor = DROPPED;
    }
    return first;
  }

  #clear() {
    this.#list.replaceChildren();
    this.#cards.clear();
    this.#shown = [];
    this.#waiting.clear();
    this.#changed.clear();
    this.#overflown = false;
  }

  #scrolled() {
    this.#isAtTop = null;
    if (this.#atTop() && !this.#paused) this.#release();
  }

  /** Measured once a frame at most: it lays out all cards, and a crowd may come at once. */
  #atTop() {
    if (this.#isAtTop === null) {
      this.#isAtTop = this.#list.getBoundingClientRect().top > -120;
      requestAnimationFrame(() => (this.#isAtTop = null));
    }
    return this.#isAtTop;
  }

  #showState() {
    const waiting = this.#waiting.size;
    this.#held.textContent = text(waiting < MOST ? "visits.new" : "visits.newMany", { n: waiting });
    show(this.#held, waiting > 0);
    this.#onWaiting(waiting);
    show(this.#older, this.#cursor !== null);
    const empty = byId("no-captures");
    show(empty, this.#shown.length === 0);
    empty.textContent = this.#filters.fault || text(this.#filters.narrow ? "visits.noneFits" : "visits.noneYet");
  }
}

/** In place of a cursor: there are older visits, whose cards were dropped. */
const DROPPED = Symbol("dropped");

/** Where no cursor leads on, go by the time of the last card, known to the millisecond. */
const resumeAt = (last) => ({ to: new Date(Date.parse(last.time) + 1).toISOString() });

function isNewer(one, other) {
  const difference = Date.parse(one.time) - Date.parse(other.time);
  return difference > 0 || (difference === 0 && one.id > other.id);
}
