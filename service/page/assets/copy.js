/** Copying to the clipboard. */

import { h } from "./dom.js";
import { text } from "./texts.js";

/** A button that copies what `what` gives, and says whether it could. */
export function copyButton(name, what) {
  const button = h("button", { class: "quiet", type: "button" }, name);
  button.addEventListener("click", async () => {
    button.textContent = (await copy(what(), button)) ? text("page.copied") : text("page.notCopied");
    setTimeout(() => (button.textContent = name), 3000);
  });
  return button;
}

/** Browsers have a clipboard only over HTTPS and on the machine itself; elsewhere the older way is left. */
async function copy(copied, beside) {
  try {
    await navigator.clipboard.writeText(copied);
    return true;
  } catch {
    const field = h("textarea", { class: "visually-hidden", readonly: true, tabindex: "-1" });
    field.value = copied;
    beside.after(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    beside.focus();
    return done;
  }
}
