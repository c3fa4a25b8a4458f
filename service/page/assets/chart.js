/** Visits and mask rate over time: two panels on one time axis, and the same as a table. */

import { h, svg } from "./dom.js";
import { locale, text } from "./texts.js";
import { answersIn, count, exactDuration, known, mask, maskRate, percent, total, visits } from "./words.js";

const RATE_HEIGHT = 44;
const BAR_HEIGHT = 84;
const GAP = 18;
const LEFT = 40;
const BOTTOM = 20;
const HEIGHT = GAP + RATE_HEIGHT + GAP + BAR_HEIGHT + BOTTOM;
const LABEL = 54;
const DAY = 86400;
const DISTANCES = [
  ...[5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 4, 7, 14, 28, 91, 182, 364].map((days) => days * DAY),
];

/** Draw the statistics of the service into a figure. */
export function drawChart(figure, statistics) {
  const opened = figure.querySelector("details")?.open ?? false;
  const plot = new Plot(figure.clientWidth || 600, statistics);
  const answers = answersIn(statistics.total);
  figure.replaceChildren(legend(answers, statistics.step), plot.draw(), table(answers, plot.buckets, plot.name, opened));
}

class Plot {
  constructor(width, { buckets, step }) {
    this.width = width;
    this.buckets = buckets;
    this.band = (width - LEFT) / Math.max(1, buckets.length);
    this.top = niceCeiling(Math.max(...buckets.map(total), 1));
    this.step = step;
    this.withClock = step < DAY;
    this.withDay = step * buckets.length > DAY / 2;
  }

  /** When a bucket begins. */
  name = (bucket) => format(bucket, this.withDay, this.withClock);

  draw() {
    const id = "chart-about";
    return svg(
      "svg",
      { role: "img", "aria-labelledby": id, viewBox: `0 0 ${this.width} ${HEIGHT}`, width: this.width, height: HEIGHT },
      svg("title", { id }, this.#summary()),
      this.#axis(GAP, percent(100)),
      this.#axis(GAP + RATE_HEIGHT, percent(0)),
      ...this.#rate(),
      this.#axis(this.#y(this.top), count(this.top)),
      this.#axis(this.#y(0), "0"),
      ...this.buckets.map((bucket, place) => this.#bar(bucket, place)),
      ...this.#times(),
    );
  }

  #summary() {
    const all = this.buckets.reduce((number, bucket) => number + total(bucket), 0);
    if (!all) return text("chart.none");
    const most = this.buckets.reduce((best, bucket) => (total(bucket) > total(best) ? bucket : best));
    return text("chart.summary", { visits: visits(all), time: this.name(most), most: total(most) });
  }

  #y(value) {
    return GAP + RATE_HEIGHT + GAP + BAR_HEIGHT * (1 - value / this.top);
  }

  #x(place) {
    return LEFT + this.band * place;
  }

  #axis(y, value) {
    return svg(
      "g",
      { class: "axis" },
      svg("line", { x1: LEFT, x2: this.width, y1: y, y2: y }),
      svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, value),
    );
  }

  #bar(bucket, place) {
    let below = 0;
    const inset = Math.min(2, this.band * 0.15);
    const parts = answersIn(bucket).map((answer) => {
      const y = this.#y(below + bucket[answer]);
      const height = this.#y(below) - y;
      below += bucket[answer];
      const x = this.#x(place) + inset;
      return height ? svg("rect", { x, width: this.band - 2 * inset, y, height, "data-mask": answer }) : null;
    });
    const rate = maskRate(bucket);
    const words = text("chart.bucket", { time: this.name(bucket), visits: visits(total(bucket)), rate });
    const height = HEIGHT - GAP - BOTTOM;
    const target = svg("rect", { class: "target", x: this.#x(place), width: this.band, y: GAP, height });
    return svg("g", {}, ...parts, target, svg("title", {}, words));
  }

  /** The line breaks where nobody's answer is known; a point alone is a dot. */
  #rate() {
    const runs = [];
    let run = [];
    this.buckets.forEach((bucket, place) => {
      const sure = known(bucket);
      if (!sure) {
        run = [];
      } else {
        if (!run.length) runs.push(run);
        run.push([this.#x(place) + this.band / 2, GAP + RATE_HEIGHT * (1 - bucket.mask / sure)]);
      }
    });
    return runs.flatMap((points) => [
      svg("polyline", { class: "rate", points: points.join(" ") }),
      ...points.map(([cx, cy]) => svg("circle", { class: "rate", cx, cy, r: 2 })),
    ]);
  }

  /** As many times as fit, at whole multiples of their distance: clocks within two days, else days. */
  #times() {
    const length = this.step * this.buckets.length;
    const distance = DISTANCES.find((seconds) => (seconds / this.step) * this.band > LABEL) ?? length;
    return this.buckets.flatMap((bucket, place) => {
      const start = new Date(bucket.start);
      const local = start.getTime() / 1000 - start.getTimezoneOffset() * 60;
      if (local % distance >= this.step || this.#x(place) + LABEL > this.width + 12) return [];
      return [svg("text", { x: this.#x(place), y: HEIGHT - 5 }, format(bucket, distance >= DAY, distance < DAY))];
    });
  }
}

function legend(answers, step) {
  const swatches = answers.map((answer) => h("span", { class: "swatch", "data-mask": answer }, mask(answer)));
  const bucket = h("span", { class: "step" }, text("chart.step", { step: exactDuration(step) }));
  return h("figcaption", {}, bucket, h("span", { class: "swatch", "data-line": true }, text("overview.rate")), ...swatches);
}

function table(answers, buckets, name, opened) {
  const names = [text("chart.time"), ...answers.map(mask), text("overview.rate")];
  const head = names.map((name) => h("th", { scope: "col" }, name));
  const rows = buckets
    .filter((bucket) => total(bucket))
    .map((bucket) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, name(bucket)),
        ...answers.map((answer) => h("td", {}, count(bucket[answer]))),
        h("td", {}, maskRate(bucket)),
      ),
    );
  const whole = h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
  return h("details", { open: opened }, h("summary", {}, text("chart.table")), whole);
}

function format({ start }, withDay, withClock) {
  const day = withDay ? { day: "numeric", month: "short" } : {};
  const clock = withClock ? { hour: "2-digit", minute: "2-digit" } : {};
  return new Date(start).toLocaleString(locale, { ...day, ...clock });
}

/** A round whole number, not below the value. */
function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => Math.ceil(factor * power)).find((top) => top >= value);
}
