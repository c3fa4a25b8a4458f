/** How things are said. */

import { serverNow } from "./api.js";
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
export const maskRate = (counts) => share(counts.mask, known(counts));

/** How many answers are known: what the mask rate is a share of. */
export const known = (counts) => total(counts) - counts.unknown;

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const whole = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A time of today as its clock, another with its day. */
export function time(moment) {
  const date = new Date(moment);
  return day.format(date) === day.format(new Date()) ? clock.format(date) : whole.format(date);
}

/** Day and clock. */
export const fullTime = (moment) => whole.format(new Date(moment));

/** The same by the clock of a time zone. */
export const timeIn = (timeZone, moment) =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium", timeZone }).format(new Date(moment));

/** "3 minutes ago". */
export function since(moment) {
  const seconds = Math.min(0, Math.round((Date.parse(moment) - serverNow()) / 1000));
  const [unit, length] = STEPS.find(([, length]) => -seconds >= length) ?? STEPS.at(-1);
  return ago.format(Math.ceil(seconds / length), unit);
}

/** "12 sec", "3 min": a length of time in seconds in its largest unit, rounded down. */
export function duration(seconds) {
  const [unit, length] = STEPS.find(([, length]) => seconds >= length) ?? STEPS.at(-1);
  return inUnit(Math.floor(Math.max(0, seconds) / length), unit, "short");
}

/** "90 minutes", "2 hours": exactly so many seconds. */
export function exactDuration(seconds) {
  const [unit, length] = STEPS.find(([, length]) => seconds % length === 0) ?? STEPS.at(-1);
  return inUnit(seconds / length, unit, "long");
}

const inUnit = (number, unit, unitDisplay) =>
  new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay }).format(number);

/** A number of the interface: thousands apart. */
export const count = (number) => number.toLocaleString(locale);

/** "1 capture", "2 captures". */
export const captures = (number) => text("captures.count", { n: number });

/** "1 visit", "2 visits". */
export const visits = (number) => text("visits.count", { n: number });

/** The least quality of each word: 1.36 is a frontal face of 200 pixels in a 1080-line frame, 0.39 one of 60. */
const QUALITIES = [
  ["best", 1.1],
  ["good", 0.7],
  ["fair", 0.4],
  ["poor", -Infinity],
];

/** "good · 0.82"; a dash where it is not known. */
export function qualityWords(value) {
  if (value === null) return quality(value);
  const [word] = QUALITIES.find(([, least]) => value >= least);
  return `${text(`quality.${word}`)} · ${quality(value)}`;
}

/** A number such as quality, which runs from about -0.2 to 1.5; a dash where it is not known. */
export const quality = (value) => (value === null ? "–" : value.toFixed(2));

/** A share as whole per cent; a dash where there is none. */
export const share = (part, whole) => (whole > 0 ? percent(Math.round((100 * part) / whole)) : "–");

/** Whole per cent. */
export const percent = (number) => text("number.share", { n: number });
