/**
 * Polygons that are drawn over a picture, by mouse, finger and keyboard. Corners are [x, y], shares of the picture's
 * width and height from its top left; a polygon is {kind, points}.
 */

import { svg } from "./dom.js";

export const LEAST = 3;
const STEP = 0.01;
const BIG_STEP = 0.05;
const PLACES = 4;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(PLACES));

export class Polygons {
  #onChange;
  #label;
  #undo = [];
  #dragged = null;
  #moved = false;
  all = [];
  /** Place of the polygon that is worked on; -1: none. */
  chosen = -1;

  /**
   * @param onChange called after every change, also of what is chosen.
   * @param label gives the name of a corner for screen readers, of the polygon's and the corner's places.
   */
  constructor(onChange, label) {
    this.#onChange = onChange;
    this.#label = label;
    this.element = svg("svg", { class: "polygons", viewBox: "0 0 1 1", preserveAspectRatio: "none" });
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("pointermove", (event) => this.#drag(event));
    this.element.addEventListener("pointerup", () => (this.#dragged = null));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Begin with these. */
  load(polygons) {
    this.all = structuredClone(polygons);
    this.#undo = [];
    this.choose(this.all.length - 1);
  }

  get canUndo() {
    return this.#undo.length > 0;
  }

  get current() {
    return this.all[this.chosen];
  }

  /** Work on another polygon. */
  choose(place) {
    this.chosen = place;
    this.#changed();
  }

  /** Begin a new polygon; one that has no corner yet is used again. */
  begin(kind) {
    this.#keep();
    this.all.push({ kind, points: [] });
    this.choose(this.all.length - 1);
  }

  /** Have the chosen polygon mean something else. */
  setKind(kind) {
    this.#keep();
    this.current.kind = kind;
    this.#changed();
  }

  /** A corner more, between the ends of the edge that is nearest to it, or in the middle of the picture. */
  add([x, y] = [0.5, 0.5]) {
    if (!this.current) return;
    this.#keep();
    const { points } = this.current;
    const place = points.length < LEAST ? points.length : nearestEdge(points, [x, y]) + 1;
    points.splice(place, 0, [within(x), within(y)]);
    this.#changed();
    this.focus(place);
    return place;
  }

  /** Remove a corner; the focus goes to the one before. */
  removeCorner(place) {
    this.#keep();
    this.current.points.splice(place, 1);
    this.#changed();
    this.focus(Math.max(0, place - 1));
  }

  /** Remove the chosen polygon. */
  remove() {
    this.#keep();
    this.all.splice(this.chosen, 1);
    this.choose(this.all.length - 1);
  }

  /** Take the last change back. */
  undo() {
    const before = this.#undo.pop();
    if (!before) return;
    this.all = before;
    const there = this.chosen >= 0 && this.chosen < this.all.length;
    this.choose(there ? this.chosen : this.all.length - 1);
  }

  /** Focus a corner of the chosen polygon. */
  focus(place) {
    this.element.querySelector(`[data-corner="${place}"]`)?.focus();
  }

  #keep() {
    this.#undo.push(structuredClone(this.all));
  }

  #changed() {
    this.#draw();
    this.#onChange();
  }

  #draw() {
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.corner : null;
    const shapes = this.all.map(({ kind, points }, place) =>
      svg("polygon", { "data-kind": kind, "data-place": place, "data-chosen": place === this.chosen, points: points.join(" ") }),
    );
    const corners = (this.current?.points ?? []).map(([x, y], place) =>
      // A line without length has round ends: a dot that is round however the picture is stretched.
      svg("path", {
        class: "corner",
        d: `M${x} ${y}l0 0`,
        tabindex: "0",
        role: "button",
        "data-corner": place,
        "aria-label": this.#label(place, Math.round(100 * x), Math.round(100 * y)),
      }),
    );
    this.element.replaceChildren(...shapes, ...corners);
    if (focused !== null) this.focus(focused);
  }

  #at({ clientX, clientY }) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  #press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const { corner, place } = event.target.dataset;
    this.#moved = corner === undefined;
    if (corner !== undefined) {
      this.#dragged = Number(corner);
      this.focus(corner);
    } else if (place !== undefined && Number(place) !== this.chosen) {
      this.choose(Number(place));
      return;
    } else {
      this.#dragged = this.add(this.#at(event)) ?? null;
    }
    if (this.#dragged !== null) this.element.setPointerCapture(event.pointerId);
  }

  #drag(event) {
    if (this.#dragged === null) return;
    if (!this.#moved) this.#keep();
    this.#moved = true;
    this.current.points[this.#dragged] = this.#at(event).map(within);
    this.#changed();
  }

  #key(event) {
    const corner = event.target.dataset.corner;
    if (corner === undefined) return;
    const place = Number(corner);
    if (event.key in ARROWS) {
      const [right, down] = ARROWS[event.key].map((way) => way * (event.shiftKey ? BIG_STEP : STEP));
      const [x, y] = this.current.points[place];
      this.#keep();
      this.current.points[place] = [within(x + right), within(y + down)];
      this.#changed();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.removeCorner(place);
    } else {
      return;
    }
    event.preventDefault();
  }
}

/** Place of the edge, from its corner to the next, that is nearest to a point. */
function nearestEdge(points, point) {
  const distances = points.map((from, place) => distance(point, from, points[(place + 1) % points.length]));
  return distances.indexOf(Math.min(...distances));
}

function distance([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const along = length ? Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}
