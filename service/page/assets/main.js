/** The live page: its parts, and how they hear of each other. */

import { Problem } from "./api.js";
import { Cameras } from "./cameras.js";
import { Details } from "./details.js";
import { copy } from "./copy.js";
import { byId, h, show } from "./dom.js";
import { Filters } from "./filters.js";
import { Gallery } from "./gallery.js";
import { KeyDialog } from "./key.js";
import { Overview } from "./overview.js";
import { Stream } from "./stream.js";
import { choose, fillIn, language, languages, text } from "./texts.js";

fillIn(document);

const filters = new Filters(() => {
  cameras.mark();
  load();
});
const gallery = new Gallery(filters, (capture) => details.open(capture));
const details = new Details(gallery, () => overview.stale());
const cameras = new Cameras(filters);
const overview = new Overview(filters, ({ cameras, total }) => {
  filters.offer(Object.keys(cameras));
  filters.offerAnswers(total);
});
const keyDialog = new KeyDialog(() => start());
const stream = new Stream({ onEvent: happened, onState: connectionIs });
let loaded = false;

/** Ask for everything that is shown. */
async function load() {
  const results = await Promise.allSettled([gallery.load(), overview.refresh(), cameras.refresh()]);
  const failure = results.find(({ status }) => status === "rejected")?.reason;
  if (failure instanceof Problem && failure.asksForKey) keyDialog.ask(failure);
  else notice(failure ? text("page.noAnswer", { problem: failure.message }) : "");
  loaded = !failure;
}

function happened({ kind, data }) {
  if (kind === "capture") {
    gallery.arrived(data);
    overview.stale();
  } else if (kind.startsWith("camera.")) {
    cameras.refresh().catch(() => {});
  }
}

function connectionIs(state, problem) {
  const shown = byId("connection");
  shown.dataset.state = state;
  shown.textContent = text(`connection.${state}`);
  // The list is asked for once the stream is open, so that nothing comes unseen between the two.
  if (state === "live" && !loaded) load();
  if (state === "live") cameras.refresh().catch(() => {});
  if (state === "lost" && !loaded) notice(text("page.unreachable"));
  if (state === "refused") {
    cameras.stop();
    overview.stop();
    keyDialog.ask(problem);
  }
}

function notice(sentence) {
  byId("notice").textContent = sentence;
  show(byId("notice"), sentence !== "");
}

const choice = byId("language");
choice.append(...languages.map(([code, name]) => h("option", { value: code, lang: code }, name)));
choice.value = language;
choice.addEventListener("change", () => choose(choice.value));

const command = `facecap demo --push ${document.baseURI.replace(/\/[^/]*$/, "")}`;
byId("try").textContent = command;
byId("copy-try").addEventListener("click", () => copy(command));

const pause = byId("pause");
pause.addEventListener("click", () => {
  const paused = pause.getAttribute("aria-pressed") !== "true";
  pause.setAttribute("aria-pressed", paused);
  gallery.paused = paused;
});

function start() {
  loaded = false;
  stream.run();
}

start();
