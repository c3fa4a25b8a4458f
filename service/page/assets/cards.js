/** A visit as a card: its best shot, and one answer by all its shots. */

import { h, show } from "./dom.js";
import { named } from "./names.js";
import { showLater } from "./pictures.js";
import { text } from "./texts.js";
import { fullTime, mask, qualityWords, time } from "./words.js";

/** Path of a capture's crop. */
export const cropPath = (capture) => `v1/captures/${encodeURIComponent(capture.id)}/crop`;

/** The word for the mask answer with its colour and shape. */
export const maskBadge = (answer) => h("span", { class: "badge", "data-mask": answer }, mask(answer));

/** A time, rewritten where the day changes. */
export const timeElement = (moment) => h("time", { datetime: moment, title: fullTime(moment) }, time(moment));

/** Write the times that are shown anew: what was today is yesterday after midnight. */
export function rewriteTimes() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const words = time(element.dateTime);
    if (element.textContent !== words) element.textContent = words;
  }
}

/** A list item with a button that opens the details. */
export class Card {
  #image = h("img", { alt: "", width: 112, height: 112, class: "crop" });
  #shots = h("span", { class: "shots-count" });
  #facts = h("span", { class: "facts" });
  #best = null;

  constructor(visit, open) {
    this.button = h("button", { type: "button", class: "card" }, this.#image, this.#shots, this.#facts);
    this.button.addEventListener("click", () => open(this.visit));
    this.item = h("li", {}, this.button);
    this.update(visit);
  }

  /** Show what the visit is by now. */
  update(visit) {
    this.visit = visit;
    this.button.dataset.mask = visit.mask;
    if (this.#best !== visit.best.id) showLater(this.#image, cropPath(visit.best));
    this.#best = visit.best.id;
    this.#shots.textContent = text("visits.shots", { n: visit.captures });
    show(this.#shots, visit.captures > 1);
    const grade = h("span", { class: "quality" });
    grade.append(h("span", { class: "visually-hidden" }, text("filter.quality")), " ", qualityWords(visit.quality));
    const where = named(visit.camera, "span", { class: "name where" });
    this.#facts.replaceChildren(maskBadge(visit.mask), timeElement(visit.time), where, grade);
  }
}
