/** Elements without markup in strings. */

const SVG = "http://www.w3.org/2000/svg";

/** The element of an id that the page has. */
export const byId = (id) => document.getElementById(id);

/** An HTML element; `attributes` that are false, null or undefined are left out, functions become listeners. */
export function h(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Have an element say something; one that says it already is left alone, for screen readers read what changes. */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Show or hide. */
export function show(element, visible) {
  element.hidden = !visible;
}
