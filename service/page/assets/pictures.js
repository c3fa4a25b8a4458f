/** Pictures that need the key: fetched when they come into view. */

import { address, call } from "./api.js";

const waiting = new WeakMap();
const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      fetchInto(target, waiting.get(target));
    }
  },
  { rootMargin: "200px" },
);

/** Have an img show a picture of the service once it is in view; one that is gone gets the class "gone". */
export function showLater(image, path) {
  waiting.set(image, path);
  seen.observe(image);
}

/** Have an img show a picture of the service now; false where there is none. */
export async function fetchInto(image, path) {
  try {
    const answer = await call(address(path));
    const source = URL.createObjectURL(await answer.blob());
    image.onload = image.onerror = () => URL.revokeObjectURL(source);
    image.src = source;
    image.classList.remove("gone");
    return true;
  } catch {
    image.classList.add("gone");
    return false;
  }
}
