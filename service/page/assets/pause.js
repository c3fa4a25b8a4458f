/** The button that holds back what comes, so that the page can be read. */

import { byId, show } from "./dom.js";
import { text } from "./texts.js";
import { time } from "./words.js";

/** Have the button pause a gallery. */
export function pauseBy(button, gallery) {
  const said = byId("paused");
  button.addEventListener("click", () => {
    const since = button.getAttribute("aria-pressed") === "true" ? null : new Date();
    button.setAttribute("aria-pressed", since !== null);
    gallery.paused = since;
    show(said, since !== null);
    said.textContent = since ? text("page.paused", { time: time(since) }) : "";
  });
}
