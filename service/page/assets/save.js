/** Files that the browser saves. */

import { address, call, key } from "./api.js";
import { h } from "./dom.js";

/**
 * Save what a path of the service answers. Without a key the browser fetches it by itself, however long it is; with
 * one it comes through the page, which alone can send it. Throws as `call`.
 */
export async function save(path, parameters, name) {
  const url = address(path, parameters);
  if (!key.get()) return click(url, name);
  const answer = await call(url);
  const source = URL.createObjectURL(await answer.blob());
  click(source, name);
  setTimeout(() => URL.revokeObjectURL(source), 60000);
}

/** A moment for a file's name, by the viewer's clock: 2026-01-31_12-00-00. */
export function stamp(moment) {
  const date = new Date(moment);
  const two = (number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}_${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("-")}`;
}

function click(href, name) {
  h("a", { href, download: name }).click();
}
