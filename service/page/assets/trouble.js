/** What is wrong with a camera, in words. */

import { h } from "./dom.js";
import { hasText, text, textOr } from "./texts.js";
import { time } from "./words.js";

/** Kinds of trouble, the worst first. */
export const KINDS = ["moving", "lost_stream", "silent", "store_failing", "refused", "no_capture"];

/** Of these the service's own words, in English, tell more than the page's. */
const TECHNICAL = ["moving", "lost_stream", "store_failing", "refused"];

/** Codes of refused frames that say the same to who stands before the page. */
const ALIKE = {
  empty_body: "picture",
  unsupported_picture: "picture",
  truncated_picture: "picture",
  damaged_picture: "picture",
  several_pictures: "several",
  picture_too_large: "large",
  body_too_large: "large",
  body_too_slow: "slow",
  body_cut_short: "slow",
  queue_full: "fast",
  rate_limited: "fast",
  stale_frame: "stale",
  stale_timestamp: "stale",
  too_many_cameras: "many",
  camera_is_pulled: "pulled",
  frame_refused: "size",
  camera_moving: "moving",
};

/** A trouble of a camera's report as a list item. */
export function troubleItem(trouble) {
  const since = trouble.since && h("span", { class: "since" }, text("trouble.since", { time: time(trouble.since) }));
  const item = h("li", { "data-kind": trouble.kind }, h("span", {}, troubleWords(trouble)), since);
  if (TECHNICAL.includes(trouble.kind)) item.append(h("span", { class: "detail", lang: "en" }, trouble.detail));
  return item;
}

/** A trouble as a sentence. */
export function troubleWords({ kind, code, count, values }) {
  if (kind === "refused") return text("trouble.refused", { n: count ?? 1, why: why(code) });
  if (kind === "no_capture") return text("trouble.no_capture", { why: lacking(code, values) });
  return textOr(`trouble.${kind}`, kind);
}

const why = (code) => textOr(`refused.${ALIKE[code]}`, code);

/** What the last faces lacked, and what to do about it. */
function lacking(reason, values) {
  const lost = textOr(`lost.${reason}`, reason);
  if (!values) return text("lacking.only", { lost });
  if (values.have === null || !hasText(`lacking.${reason}`)) return text("lacking.setting", { lost, ...values });
  return text(`lacking.${reason}`, values);
}
