/** A capture as a card. */

import { h } from "./dom.js";
import { showLater } from "./pictures.js";
import { text } from "./texts.js";
import { fullTime, mask, quality, time } from "./words.js";

/** Path of a capture's crop. */
export const cropPath = (capture) => `v1/captures/${encodeURIComponent(capture.id)}/crop`;

/** The word for the mask answer with its colour and shape. */
export const maskBadge = (answer) => h("span", { class: "badge", "data-mask": answer }, mask(answer));

/** A list item with a button that opens the details. */
export function card(capture, open) {
  const image = h("img", { alt: "", width: 112, height: 112, class: "crop" });
  showLater(image, cropPath(capture));
  const button = h(
    "button",
    { type: "button", class: "card", "data-mask": capture.mask, click: () => open(capture) },
    image,
    h(
      "span",
      { class: "facts" },
      maskBadge(capture.mask),
      h("time", { datetime: capture.time, title: fullTime(capture.time) }, time(capture.time)),
      h("span", { class: "where" }, capture.camera),
      h(
        "span",
        { class: "quality" },
        h("span", { "aria-hidden": "true" }, quality(capture.quality)),
        h("span", { class: "visually-hidden" }, text("captures.quality", { quality: quality(capture.quality) })),
      ),
    ),
  );
  return h("li", {}, button);
}
