// Rules of accessibility, checked in the page: returns a sentence for each thing that breaks one.
() => {
  const broken = [];
  const visible = (element) => element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });
  const all = (selector) => Array.from(document.querySelectorAll(selector)).filter(visible);
  const name = (element) => element.outerHTML.slice(0, 90);

  // Names, roles and references.
  const text = (element) => {
    const by = element.getAttribute("aria-labelledby");
    if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const labels = element.labels ? Array.from(element.labels, (label) => label.textContent).join(" ") : "";
    return element.getAttribute("aria-label") || labels || element.innerText || element.getAttribute("title") || "";
  };
  for (const control of all("button, a, input, select, summary, dialog[open], form[role], [role=img]")) {
    if (!text(control).trim()) broken.push(`no name: ${name(control)}`);
  }
  for (const image of all("img")) if (image.getAttribute("alt") === null) broken.push(`no alt: ${name(image)}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "for"]) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!document.getElementById(id)) broken.push(`${attribute} leads nowhere: ${name(element)}`);
      }
    }
  }
  const ids = Array.from(document.querySelectorAll("[id]"), (element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) broken.push(`id twice: ${id}`);
  for (const inner of document.querySelectorAll("button button, a button, button a, button input")) {
    broken.push(`control in a control: ${name(inner)}`);
  }
  for (const item of document.querySelectorAll("ul > :not(li), dl > :not(div, dt, dd)")) {
    broken.push(`not a part of its list: ${name(item)}`);
  }

  // Structure.
  if (!document.documentElement.lang) broken.push("no language");
  if (!document.title) broken.push("no title");
  for (const landmark of ["header", "main", "h1"]) {
    if (document.querySelectorAll(`body > ${landmark}, body > header > ${landmark}`).length !== 1) {
      broken.push(`not one ${landmark}`);
    }
  }
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) broken.push(`heading skips a level: ${name(heading)}`);
    level = next;
  }
  if (!document.querySelector("[aria-live=polite]")) broken.push("no live region");

  // Size of what is touched: 24 by 24 at least.
  for (const control of all("button, select, summary, input")) {
    if (control.closest(".segments")) continue;
    const { width, height } = control.getBoundingClientRect();
    if (height < 24 || width < 24) broken.push(`${width} x ${height} is small: ${name(control)}`);
  }

  // Contrast of text, by its own colour and the grounds below it.
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (channels) => {
    const [r, g, b] = channels.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  let checked = 0;
  for (const element of all("body *")) {
    const own = Array.from(element.childNodes).some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const field = element.matches("select, input:not([type=radio], [type=range])");
    if ((!own && !field) || element.closest("option, .visually-hidden, .skip, noscript, title, :disabled")) continue;
    // An open dialog covers the rest.
    if (document.querySelector("dialog[open]") && !element.closest("dialog[open]")) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const colour = over(rgba(element.closest("svg") ? style.fill : style.color), below);
    const ratio = contrast(colour, below);
    checked += 1;
    if (ratio < 4.5) broken.push(`contrast ${ratio.toFixed(2)}: ${name(element)}`);
  }
  if (checked < 5) broken.push(`only ${checked} texts were checked`);
  return broken;
};
