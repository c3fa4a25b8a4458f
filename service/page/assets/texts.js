/** Every word of the page, in the language of who looks. A language is a module `texts.CODE.js` and a word below. */

import en from "./texts.en.js";
import zh from "./texts.zh.js";

const CATALOGUES = { en, zh };
const STORED = "facecap.language";

/** Code of the language that is shown: of the address (`?lang=zh`), else of the tab, else of the browser. */
export const language = chosen();
const catalogue = CATALOGUES[language];

/** How the language writes dates and numbers: as the browser does where it speaks the language. */
export const locale = navigator.languages.find((tag) => base(tag) === language) ?? catalogue["language.locale"];

const plural = new Intl.PluralRules(locale);
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });

/** Codes of all languages with their names in their own words. */
export const languages = Object.entries(CATALOGUES).map(([code, texts]) => [code, texts["language.name"]]);

/** Show the page in another language from now on, in this tab. */
export function choose(code) {
  const url = new URL(location.href);
  url.searchParams.set("lang", code);
  location.assign(url);
}

/**
 * A text with its `{names}` filled in. Of a text with plural forms the value `n` chooses the form; numbers are written
 * as the language does.
 */
export function text(key, values = {}) {
  const entry = catalogue[key];
  if (entry === undefined) throw new Error(`the catalogue of ${language} has no text ${key}`);
  const form = typeof entry === "string" ? entry : (entry[plural.select(values.n)] ?? entry.other);
  return form.replace(/\{(\w+)\}/g, (_, name) => written(values[name]));
}

/** Whether there is a text. */
export const hasText = (key) => Object.hasOwn(catalogue, key);

/** The text of a key; `name` where there is none, as for what a newer service says. */
export const textOr = (key, name) => (hasText(key) ? text(key) : name);

/** Put texts where the document asks for them by data-text, data-label, data-alt and data-title. */
export function fillIn(root) {
  document.documentElement.lang = catalogue["language.locale"];
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const [name, attribute] of [["label", "aria-label"], ["alt", "alt"], ["title", "title"]]) {
    for (const element of root.querySelectorAll(`[data-${name}]`)) {
      element.setAttribute(attribute, text(element.dataset[name]));
    }
  }
}

function chosen() {
  const wanted = new URLSearchParams(location.search).get("lang");
  if (has(wanted)) sessionStorage.setItem(STORED, wanted);
  const kept = sessionStorage.getItem(STORED);
  if (has(kept)) return kept;
  return navigator.languages.map(base).find(has) ?? "en";
}

function has(code) {
  return Object.hasOwn(CATALOGUES, code);
}

function base(tag) {
  return tag.split("-")[0].toLowerCase();
}

function written(value) {
  return typeof value === "number" ? number.format(value) : value;
}
