/** Copying to the clipboard. */

import { say } from "./announcer.js";
import { text } from "./texts.js";

/** Copy a text and say so; true where the browser lets the page do it, as it does over HTTPS and on the machine itself. */
export async function copy(copied) {
  try {
    await navigator.clipboard.writeText(copied);
    say(text("page.copied"));
    return true;
  } catch {
    say(text("page.notCopied"));
    return false;
  }
}
