/** The tab's title: what is wrong first, then what nobody has seen yet. */

const said = { gone: "", trouble: "", unseen: 0 };
let site = "facecap";

/** Say what is so by now, as {gone, trouble, unseen}: sentences, and how much came that nobody has seen. */
export function retitle(changes) {
  Object.assign(said, changes);
  const wrong = said.gone || said.trouble;
  const parts = [said.unseen ? `(${said.unseen})` : "", wrong ? `⚠ ${wrong} ·` : "", site];
  document.title = parts.filter(Boolean).join(" ");
}

/** Name the site. */
export function nameSite(name) {
  site = name || site;
  retitle({});
}
