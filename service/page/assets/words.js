/** How things are said. */

import { locale, text } from "./texts.js";

/** The one list of answers of this page. */
export const ANSWERS = ["mask", "no_mask", "incorrect", "unknown"];

/** An answer as a word. */
export const mask = (answer) => text(`mask.${answer}`);

/** The answers to show for these counts: `incorrect` only where it was given, which not every model can. */
export const answersIn = (counts) => ANSWERS.filter((answer) => answer !== "incorrect" || counts[answer]);

/** Of all answers. */
export const total = (counts) => ANSWERS.reduce((number, answer) => number + counts[answer], 0);

/** Masks that are worn as they should be among the answers that are known; a dash where there is none. */
export const maskRate = (counts) => share(counts.mask, total(counts) - counts.unknown);

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A time of today as its clock, another with its day. */
export function time(text) {
  const date = new Date(text);
  return day.format(date) === day.format(new Date()) ? clock.format(date) : moment.format(date);
}

/** Day and clock. */
export const fullTime = (text) => moment.format(new Date(text));

/** "3 minutes ago". */
export function since(text) {
  const seconds = Math.min(0, Math.round((Date.parse(text) - Date.now()) / 1000));
  const [unit, length] = STEPS.find(([, length]) => -seconds >= length) ?? STEPS.at(-1);
  return ago.format(Math.ceil(seconds / length), unit);
}

/** A number of the interface: thousands apart. */
export const count = (number) => number.toLocaleString(locale);

/** "1 capture", "2 captures". */
export const captures = (number) => text("captures.count", { n: number });

/** A number such as quality, which runs from about -0.2 to 1.5; a dash where it is not known. */
export const quality = (value) => (value === null ? "–" : value.toFixed(2));

/** A share as whole per cent; a dash where there is none. */
export const share = (part, whole) => (whole > 0 ? percent(Math.round((100 * part) / whole)) : "–");

/** Whole per cent. */
export const percent = (number) => text("number.share", { n: number });
