/** The button that holds back what comes, so that the page can be read. */

import { timeElement } from "./cards.js";
import { byId, show } from "./dom.js";
import { text } from "./texts.js";

/** Have the button pause a gallery. */
export function pauseBy(button, gallery) {
  const said = byId("paused");
  button.addEventListener("click", () => {
    const since = button.getAttribute("aria-pressed") === "true" ? null : new Date();
    button.setAttribute("aria-pressed", since !== null);
    gallery.paused = since;
    show(said, since !== null);
    said.replaceChildren(...(since ? sentence(since) : []));
  });
}

/** The words around a time that is written anew after midnight. */
function sentence(since) {
  const [before, after] = text("page.paused", { time: "\n" }).split("\n");
  return [before, timeElement(since.toISOString()), after];
}
