/** Which visits are shown; kept in the page's address. */

import { byId, h, show } from "./dom.js";
import { nameOf, named } from "./names.js";
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
      select.insertBefore(named(name, "option", { value: name }), next ?? null);
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

  /** Whether a visit belongs to what is shown. */
  match(visit) {
    const { camera, mask, quality } = this.#values();
    return (
      (!camera || visit.camera === camera) &&
      (!mask || visit.mask === mask) &&
      (!Number(quality) || visit.quality >= Number(quality)) &&
      this.inRange(visit)
    );
  }

  /** Whether a visit lies in the time that is shown by now. */
  inRange(visit) {
    const { from, to } = this.range;
    const taken = Date.parse(visit.time);
    return (!from || taken >= from) && (!to || taken < to);
  }

  /** Why the filters cannot be applied; empty where they can. */
  get fault() {
    const { from, to } = this.range;
    return from && to && from >= to ? text("filter.fault.turned") : "";
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
    this.#warn([]);
    this.#showState();
    this.#onChange();
  }

  /** Apply what the address asks for, and say what of it cannot be applied: nothing looks as if it were. */
  #restore() {
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    this.#set({ ...DEFAULTS, ...asked });
    const got = this.#values();
    const names = Object.keys(DEFAULTS).filter((name) => name in asked);
    const refused = names.filter((name) => !isApplied(name, got[name] ?? "", asked[name]));
    const url = new URL(location.href);
    for (const name of refused) url.searchParams.delete(name);
    history.replaceState(null, "", url);
    this.#warn(refused.map((name) => text("filter.refused", { name: text(`filter.${name}`), value: asked[name] })));
    this.#showState();
  }

  #warn(sentences) {
    byId("refused").textContent = sentences.join(" ");
    show(byId("refused"), sentences.length > 0);
  }

  #set(values) {
    this.offer([values.camera]);
    if (ANSWERS.includes(values.mask)) this.offerAnswers({ [values.mask]: 1 });
    else values = { ...values, mask: DEFAULTS.mask };
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
    for (const name of ["from", "to"]) this.#form.elements[name].setAttribute("aria-invalid", this.fault !== "");
    byId("filters-brief").textContent = this.#brief(values);
    this.#showQuality();
  }

  /** All that is chosen as one line. */
  #brief({ camera, period, mask: answer, quality: least }) {
    const parts = [
      camera && nameOf(camera),
      text(`filter.period.${period}`),
      answer && mask(answer),
      Number(least) && text("filter.orBetter", { quality: quality(Number(least)) }),
    ];
    return parts.filter(Boolean).join(" · ");
  }

  #showQuality() {
    const slider = this.#form.quality;
    const least = Number(slider.value);
    const said = least ? text("filter.orBetter", { quality: quality(least) }) : text("filter.any");
    byId("quality-value").textContent = said;
    slider.setAttribute("aria-valuetext", said);
  }
}

/** Whether a control took what the address asked for. */
function isApplied(name, got, asked) {
  return name === "quality" ? asked !== "" && Number(got) === Number(asked) : got === asked;
}

function choice(value) {
  const radio = h("input", { type: "radio", name: "mask", value });
  return h("label", { hidden: true }, radio, h("span", {}, mask(value)));
}
