/** What people call the cameras, and where these stand. */

import { h } from "./dom.js";

const known = new Map();

/** Learn from the cameras' reports; what the page shows by then is renamed. */
export function learnNames(reports) {
  for (const { name, display_name: shown = null, area = null } of reports) known.set(name, { shown, area });
  for (const element of document.querySelectorAll("[data-camera]")) write(element, element.dataset.camera);
}

/** A camera as people call it. */
export const nameOf = (camera) => known.get(camera)?.shown || camera;

/** A camera with its area, as one line. */
export const placeOf = (camera) => [known.get(camera)?.area, nameOf(camera)].filter(Boolean).join(" · ");

/** An element that names a camera, now and when it is renamed. */
export function named(camera, tag = "span", attributes = {}) {
  const element = h(tag, { class: "name", ...attributes, "data-camera": camera });
  write(element, camera);
  return element;
}

function write(element, camera) {
  const shown = nameOf(camera);
  if (element.textContent !== shown) element.textContent = shown;
  if (shown === camera) element.removeAttribute("title");
  else element.title = camera;
}
