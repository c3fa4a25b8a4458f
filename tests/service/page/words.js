// Every visible or spoken word of the page that is in Latin letters, with where it stands.
// Left out: what is a name, a command or written in another language (an element of its own lang).
() => {
  const found = [];
  const foreign = "code, [lang]:not(html), .name, noscript, script, style, template";
  const look = (said, element) => {
    for (const word of (said ?? "").match(/[A-Za-z]{2,}/g) ?? []) found.push(`${word}: ${element.outerHTML.slice(0, 90)}`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    if (!node.parentElement.closest(foreign)) look(node.data, node.parentElement);
  }
  for (const attribute of ["aria-label", "aria-valuetext", "title", "alt", "placeholder"]) {
    for (const element of document.querySelectorAll(`body [${attribute}]`)) {
      if (!element.closest(foreign)) look(element.getAttribute(attribute), element);
    }
  }
  return found;
};
