/** The report to print: who wore a mask, by camera and over time. */

import { Problem, address, failure, getJson } from "./api.js";
import { byId, h, show } from "./dom.js";
import { learnNames, named } from "./names.js";
import { save } from "./save.js";
import { fillIn, locale, text } from "./texts.js";
import { answersIn, count, known, mask, maskRate, timeIn, total } from "./words.js";

const DAYS = 7;
const DAY = 86400000;
const STEPS = {
  hour: { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" },
  day: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  week: { day: "numeric", month: "short", year: "numeric" },
};

const form = byId("choice");
let site = null;
let asked = 0;

/** How the site's clock writes a moment. */
const written = (style) => new Intl.DateTimeFormat(locale, { ...style, timeZone: site.time_zone });

/** The day of the site's calendar, as a form has it. */
const dayOf = (moment) => new Intl.DateTimeFormat("sv-SE", { timeZone: site.time_zone }).format(moment);

async function start() {
  fillIn(document);
  document.title = text("report.title");
  byId("print").addEventListener("click", () => print());
  byId("csv").addEventListener("click", () => attempt(download));
  await attempt(async () => {
    site = await getJson("v1/site");
    const today = Date.parse(site.now);
    const given = new URLSearchParams(location.search);
    form.first.value = given.get("first") || dayOf(today - (DAYS - 1) * DAY);
    form.last.value = given.get("last") || dayOf(today);
    for (const name of ["by", "count"]) {
      if (form[name].querySelector(`option[value="${CSS.escape(given.get(name) ?? "")}"]`)) form[name].value = given.get(name);
    }
    await offerCameras(given.get("camera") ?? "");
    form.addEventListener("change", () => {
      if (form.reportValidity()) attempt(load);
    });
    await load();
  });
}

/** What the form asks for; names are those of the service. */
const choice = () => Object.fromEntries(new FormData(form));

async function offerCameras(chosen) {
  const [counted, reports] = await Promise.all([getJson("v1/statistics", { count: "visits" }), getJson("v1/cameras")]);
  learnNames(reports.cameras);
  const names = [...new Set([...Object.keys(counted.cameras), chosen])].filter(Boolean).sort();
  form.camera.append(...names.map((camera) => named(camera, "option", { value: camera })));
  form.camera.value = chosen;
}

async function load() {
  const turn = ++asked;
  const url = address(location.href, choice());
  if (!form.camera.value) url.searchParams.delete("camera");
  history.replaceState(null, "", url);
  byId("report").setAttribute("aria-busy", "true");
  const [now, report] = await Promise.all([getJson("v1/site"), getJson("v1/compliance", choice())]);
  if (turn !== asked) return;
  site = now;
  draw(report);
}

/** Do it; what goes wrong takes the place of figures that nobody asked for any more. */
async function attempt(action) {
  const notice = byId("notice");
  try {
    await action();
    show(notice, false);
  } catch (problem) {
    byId("report").replaceChildren();
    notice.textContent = sentence(problem);
    show(notice, true);
  }
  byId("report").setAttribute("aria-busy", "false");
}

function sentence(problem) {
  if (problem instanceof Problem && problem.asksForKey) return text("report.needsKey");
  if (problem.code === "too_many_rows") return text("report.tooLong");
  return failure(problem);
}

function download() {
  const { first, last, by } = choice();
  return save("v1/compliance", { ...choice(), format: "csv" }, `compliance-${first}-${last}-by-${by}.csv`);
}

function draw(report) {
  const { first, last } = choice();
  const whole = sum(report.rows);
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }); // a day, of no zone
  byId("site").textContent = report.site;
  byId("span").textContent = text("report.span", { first: day.format(new Date(first)), last: day.format(new Date(last)) });
  byId("zone").textContent = text("report.zone", {
    zone: site.time_zone,
    version: site.version,
    time: timeIn(site.time_zone, site.now),
  });
  if (!report.rows.length) {
    byId("report").replaceChildren(h("p", {}, text("report.none")));
    return;
  }
  const answers = answersIn(whole);
  const several = new Set(report.rows.map(({ camera }) => camera)).size > 1;
  byId("report").replaceChildren(
    h("p", { class: "sample" }, text(`report.sample.${report.count}`, { n: total(whole), known: known(whole) })),
    legend(answers),
    h("h2", {}, text("report.cameras")),
    table([text("filter.camera")], [...byCamera(report.rows), ...(several ? [[[text("report.all")], whole]] : [])], answers, report),
    h("h2", {}, text("report.steps")),
    table([text("chart.time"), text("filter.camera")], report.rows.map((row) => [[step(row, report.by), named(row.camera)], row]), answers, report),
    ...(Date.parse(report.rows.at(-1).end) > Date.parse(site.now) ? [h("p", { class: "small" }, text("report.running"))] : []),
  );
}

function byCamera(rows) {
  const cameras = [...new Set(rows.map(({ camera }) => camera))].sort();
  return cameras.map((camera) => [[named(camera)], sum(rows.filter((row) => row.camera === camera))]);
}

function sum(rows) {
  const whole = { mask: 0, no_mask: 0, incorrect: 0, unknown: 0 };
  for (const row of rows) for (const answer of Object.keys(whole)) whole[answer] += row[answer];
  return whole;
}

function step({ start, end }, by) {
  const [from, last] = [new Date(start), new Date(Date.parse(end) - 1)];
  return by === "week" ? written(STEPS.week).formatRange(from, last) : written(STEPS[by]).format(from);
}

function legend(answers) {
  return h("ul", { class: "legend" }, ...answers.map((answer) => h("li", { "data-mask": answer }, mask(answer))));
}

/** Rows of heads and counts: a number an answer, the rate with its sample, and a bar of the shares. */
function table(heads, rows, answers, { count: counted }) {
  const numbers = [...answers.map(mask), text(`report.count.${counted}`), text("overview.rate")];
  const head = (words, attributes) => words.map((word) => h("th", { scope: "col", ...attributes }, word));
  const line = ([names, counts]) =>
    h(
      "tr",
      {},
      ...names.map((word, place) => h(place ? "td" : "th", { scope: place ? null : "row" }, word)),
      ...answers.map((answer) => h("td", { class: "number" }, count(counts[answer]))),
      h("td", { class: "number" }, count(total(counts))),
      h("td", { class: "number" }, maskRate(counts)),
      h("td", { class: "shares", "aria-hidden": "true" }, bar(counts, answers)),
    );
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...head(heads), ...head(numbers, { class: "number" }), h("th", { scope: "col", class: "shares" }, text("report.shares")))),
    h("tbody", {}, ...rows.map(line)),
  );
}

function bar(counts, answers) {
  const parts = answers.filter((answer) => counts[answer]).map((answer) => {
    const part = h("span", { "data-mask": answer });
    part.style.setProperty("flex-grow", counts[answer]);
    return part;
  });
  return h("span", { class: "bar" }, ...parts);
}

start();
