/** Which captures are shown; kept in the page's address. */

import { byId, h, show } from "./dom.js";
import { text } from "./texts.js";
import { ANSWERS, answersIn, mask, quality } from "./words.js";

const HOUR = 3600e3;
const PERIODS = { "1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR };
const DEFAULTS = { camera: "", period: "24h", mask: "", quality: "0", from: "", to: "" };

export class Filters {
  #form = byId("filters");
  #onChange;

  /** @param onChange called after every change. */
  constructor(onChange) {
    this.#onChange = onChange;
    byId("answers").append(...ANSWERS.map(choice));
    this.offerAnswers({});
    this.#restore();
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => this.#changed());
    this.#form.quality.addEventListener("input", () => this.#showQuality());
    this.#form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.#set(DEFAULTS);
      this.#changed();
      this.#form.camera.focus();
    });
    addEventListener("popstate", () => {
      this.#restore();
      this.#onChange();
    });
  }

  get camera() {
    return this.#form.camera.value;
  }

  set camera(name) {
    this.offer([name]);
    this.#form.camera.value = name;
    this.#changed();
  }

  /** Have cameras to choose from; those that are there stay. */
  offer(names) {
    const select = this.#form.camera;
    const there = new Set(Array.from(select.options, (option) => option.value));
    for (const name of names.filter((name) => name && !there.has(name))) {
      const next = Array.from(select.options).find((option) => option.value > name);
      select.insertBefore(h("option", { value: name }, name), next ?? null);
    }
  }

  /** Have the answers of these counts to choose from; those that are there stay. */
  offerAnswers(counts) {
    for (const answer of answersIn(counts)) show(this.#answer(answer).closest("label"), true);
  }

  /** Whether any filter but the time is set. */
  get narrow() {
    const { camera, mask, quality } = this.#values();
    return Boolean(camera || mask || Number(quality));
  }

  /** The first and the last moment as Dates; null where there is no limit. */
  get range() {
    const { period, from, to } = this.#values();
    if (period === "range") return { from: from ? new Date(from) : null, to: to ? new Date(to) : null };
    return { from: period in PERIODS ? new Date(Date.now() - PERIODS[period]) : null, to: null };
  }

  /** As parameters of the service's queries. */
  get query() {
    const { camera, mask, quality } = this.#values();
    const { from, to } = this.range;
    return {
      camera,
      mask,
      min_quality: Number(quality) ? quality : "",
      from: from?.toISOString(),
      to: to?.toISOString(),
    };
  }

  /** Whether a capture belongs to what is shown. */
  match(capture) {
    const { camera, mask, quality } = this.#values();
    const { from, to } = this.range;
    const taken = Date.parse(capture.time);
    return (
      (!camera || capture.camera === camera) &&
      (!mask || capture.mask === mask) &&
      (!Number(quality) || capture.quality >= Number(quality)) &&
      (!from || taken >= from) &&
      (!to || taken < to)
    );
  }

  #answer(value) {
    return byId("answers").querySelector(`[value="${value}"]`);
  }

  #values() {
    return Object.fromEntries(new FormData(this.#form));
  }

  #changed() {
    const values = this.#values();
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
      const counts = values.period === "range" || (name !== "from" && name !== "to");
      if (value !== DEFAULTS[name] && counts) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    history.pushState(null, "", url);
    this.#showState();
    this.#onChange();
  }

  #restore() {
    this.#set({ ...DEFAULTS, ...Object.fromEntries(new URLSearchParams(location.search)) });
    this.#showState();
  }

  #set(values) {
    this.offer([values.camera]);
    this.offerAnswers({ [values.mask]: 1 });
    for (const name of Object.keys(DEFAULTS)) {
      const control = this.#form.elements[name];
      if (name === "mask") control.forEach((radio) => (radio.checked = radio.value === values.mask));
      else control.value = values[name];
    }
    if (!this.#form.period.value) this.#form.period.value = DEFAULTS.period;
  }

  #showState() {
    const values = this.#values();
    show(byId("range"), values.period === "range");
    show(byId("reset"), Object.entries(values).some(([name, value]) => value !== DEFAULTS[name]));
    this.#showQuality();
  }

  #showQuality() {
    const slider = this.#form.quality;
    const least = Number(slider.value);
    const said = least ? text("filter.orBetter", { quality: quality(least) }) : text("filter.any");
    byId("quality-value").textContent = said;
    slider.setAttribute("aria-valuetext", said);
  }
}

function choice(value) {
  const radio = h("input", { type: "radio", name: "mask", value });
  return h("label", { hidden: true }, radio, h("span", {}, mask(value)));
}
