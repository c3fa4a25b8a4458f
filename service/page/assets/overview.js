/** Counters and chart of the visits that the filters ask for. */

import { getJson } from "./api.js";
import { drawChart } from "./chart.js";
import { byId, h } from "./dom.js";
import { text } from "./texts.js";
import { answersIn, count, known, mask, maskRate, total, visits } from "./words.js";

const APART = 5000;
const REGULARLY = 60000;

export class Overview {
  #filters;
  #onStatistics;
  #timer = null;
  #due = Infinity;
  #asked = 0;
  #generation = 0;
  #statistics = null;

  /**
   * @param filters which captures.
   * @param onStatistics called with the figures whenever they came.
   */
  constructor(filters, onStatistics) {
    this.#filters = filters;
    this.#onStatistics = onStatistics;
    new ResizeObserver(() => this.#draw()).observe(byId("chart"));
  }

  /** Ask for the figures now. */
  async refresh() {
    const generation = ++this.#generation;
    this.#asked = performance.now();
    this.#schedule(REGULARLY, true);
    if (this.#filters.fault) return this.#empty();
    const statistics = await getJson("v1/statistics", { ...this.#filters.query, count: "visits" });
    if (generation !== this.#generation) return;
    this.#statistics = statistics;
    this.#onStatistics(statistics);
    this.#draw();
  }

  /** Figures have changed: ask for them soon, but not too often. */
  stale() {
    this.#schedule(Math.max(400, this.#asked + APART - performance.now()));
  }

  /** Stop asking. */
  stop() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #schedule(wait, anew = false) {
    const due = performance.now() + wait;
    if (!anew && due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.refresh().catch(() => {}), wait);
  }

  #empty() {
    this.#statistics = null;
    byId("counters").replaceChildren();
    byId("chart").replaceChildren();
    byId("overview-brief").textContent = "";
  }

  #draw() {
    if (!this.#statistics) return;
    const counts = this.#statistics.total;
    byId("counters").replaceChildren(
      counter(text("overview.visits"), count(total(counts))),
      counter(text("overview.rate"), maskRate(counts), undefined, text("overview.sample", { n: known(counts) })),
      ...answersIn(counts).map((answer) => counter(mask(answer), count(counts[answer]), answer)),
    );
    byId("overview-brief").textContent = `${visits(total(counts))} · ${maskRate(counts)}`;
    drawChart(byId("chart"), this.#statistics);
  }
}

function counter(name, value, answer, note) {
  const small = note && h("dd", { class: "note" }, note);
  return h("div", { class: "counter", "data-mask": answer }, h("dt", {}, name), h("dd", {}, value), small);
}
