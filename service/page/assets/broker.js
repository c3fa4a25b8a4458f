/** Whether the MQTT broker learns what happens. */

import { getJson } from "./api.js";
import { byId, show } from "./dom.js";
import { text } from "./texts.js";
import { time } from "./words.js";

const PERIOD = 10000;
let timer = null;

/** Say it where it does not, now and from now on while the page is in view; throws as `call`. */
export async function watchBroker() {
  clearTimeout(timer);
  let state = "off";
  try {
    const report = await getJson("v1/mqtt");
    state = report.state;
    const lost = state === "retrying";
    byId("broker").textContent = lost ? text("broker.lost", { time: time(report.since) }) : "";
    show(byId("broker"), lost);
  } finally {
    if (state !== "off" && !document.hidden) timer = setTimeout(() => watchBroker().catch(() => {}), PERIOD);
  }
}

document.addEventListener("visibilitychange", () => document.hidden || watchBroker().catch(() => {}));
