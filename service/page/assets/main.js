/** The live page: its parts, and how they hear of each other. */

import { Alerts } from "./alerts.js";
import { Problem, failure } from "./api.js";
import { Bell } from "./bell.js";
import { CameraSettings } from "./camera_settings.js";
import { Cameras } from "./cameras.js";
import { rewriteTimes } from "./cards.js";
import { Choice } from "./choice.js";
import { Connection } from "./connection.js";
import { copyButton } from "./copy.js";
import { Deliveries } from "./deliveries.js";
import { Details } from "./details.js";
import { byId, h, show } from "./dom.js";
import { Filters } from "./filters.js";
import { foldOnPhones } from "./folds.js";
import { Gallery } from "./gallery.js";
import { KeyDialog } from "./key.js";
import { Overview } from "./overview.js";
import { pauseBy } from "./pause.js";
import { loadSite } from "./site.js";
import { choose, fillIn, language, languages, text } from "./texts.js";
import { retitle } from "./title.js";

const AGEING = 20000;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;

fillIn(document);
foldOnPhones();

const filters = new Filters(() => {
  cameras.mark();
  load();
});
const gallery = new Gallery(filters, (visit) => details.open(visit), (number) => {
  held = number;
  countUnseen();
});
const details = new Details(gallery, () => overview.stale());
const connection = new Connection({ onEvent: happened, onLive: live, onRefused: refused, onGone: gone });
const settings = new CameraSettings(() => cameras.refresh());
const cameras = new Cameras(filters, connection.pulse, (camera) => settings.open(camera));
const deliveries = new Deliveries();
const overview = new Overview(filters, ({ cameras, total }) => {
  filters.offer(Object.keys(cameras));
  filters.offerAnswers(total);
});
new Choice(filters, () => load());
const alerts = new Alerts(new Bell());
const keyDialog = new KeyDialog(() => start());
let loaded = false;
let retry = null;
let wait = FIRST_WAIT;
let held = 0;
let cameHidden = 0;

/** Ask for everything that is shown, and again where something of it failed. */
async function load() {
  clearTimeout(retry);
  // The cameras say by themselves what is wrong with asking for them.
  const shown = [gallery.load(), overview.refresh(), loadSite(), alerts.refresh()];
  const results = await Promise.allSettled([...shown, cameras.refresh()]);
  const problems = results.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  const refusal = problems.find((problem) => problem instanceof Problem && problem.asksForKey);
  if (refusal) return keyDialog.ask(refusal);
  const problem = results.slice(0, shown.length).find(({ status }) => status === "rejected")?.reason;
  // What the service refuses is not shown as if it had been done.
  if (problem?.status === 422) gallery.empty();
  notice(problem ? failure(problem) : "");
  loaded = !problem;
  if (loaded) wait = FIRST_WAIT;
  else if (problem.status !== 422) loadLater();
  deliveries.watch();
  if (loaded && !(await details.openLinked())) notice(text("details.gone"));
}

function loadLater() {
  clearTimeout(retry);
  retry = setTimeout(load, wait);
  wait = Math.min(2 * wait, LONGEST_WAIT);
}

function happened({ kind, data }) {
  if (kind === "capture") {
    gallery.arrived(data);
    overview.stale();
    if (document.hidden) cameHidden++;
    countUnseen();
  } else if (kind === "alert") {
    alerts.arrived(data);
  } else if (kind.startsWith("camera.")) {
    cameras.refresh().catch(() => {});
  }
}

/** The list is asked for once the stream is open, so that nothing comes unseen between the two. */
function live() {
  if (loaded) cameras.refresh().catch(() => {});
  else load();
}

function refused(problem) {
  clearTimeout(retry);
  alerts.stop();
  cameras.stop();
  overview.stop();
  deliveries.stop();
  keyDialog.ask(problem);
}

function gone(isGone) {
  if (isGone) cameras.outdate();
  else if (loaded) overview.refresh().catch(() => {});
}

function notice(sentence) {
  byId("notice").textContent = sentence;
  show(byId("notice"), sentence !== "");
}

function countUnseen() {
  retitle({ unseen: Math.max(held, cameHidden) });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  cameHidden = 0;
  countUnseen();
});

// The time that is shown moves on, and what was today is yesterday after midnight.
setInterval(() => {
  gallery.age();
  rewriteTimes();
}, AGEING);

const choice = byId("language");
choice.append(...languages.map(([code, name]) => h("option", { value: code, lang: code }, name)));
choice.value = language;
choice.addEventListener("change", () => choose(choice.value));

const command = `facecap demo --push ${document.baseURI.replace(/\/?([?#].*)?$/, "")}`;
byId("try").textContent = command;
byId("try").after(copyButton(text("page.copy"), () => command));

pauseBy(byId("pause"), gallery);

function start() {
  loaded = false;
  connection.run();
}

start();
