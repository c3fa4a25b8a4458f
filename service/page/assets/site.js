/** The site and who looks at it: its name, its time zone, and what the key may do. */

import { getJson } from "./api.js";
import { byId, show } from "./dom.js";
import { locale, text } from "./texts.js";
import { nameSite } from "./title.js";
import { timeIn } from "./words.js";

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
let site = null;

/** Ask who we are; throws as `call`. */
export async function loadSite() {
  site = await getJson("v1/site");
  nameSite(site.name);
  byId("site-name").textContent = site.name || "facecap";
  byId("zone").textContent = isElsewhere()
    ? text("zone.two", { here: zoneName(here), site: zoneName(site.time_zone), now: siteTime(site.now) })
    : text("zone.one", { here: zoneName(here) });
  for (const element of document.querySelectorAll("[data-scope]")) show(element, may(element.dataset.scope));
}

/** Whether the key has a scope; nobody has any before the service has said so. */
export const may = (scope) => site?.role.scopes.includes(scope) ?? false;

/** A moment by the clock of the site; null where it is the viewer's. */
export const siteTime = (moment) => (isElsewhere() ? timeIn(site.time_zone, moment) : null);

/** Zones of different names may have the same clock. */
function isElsewhere() {
  if (!site) return false;
  const now = new Date();
  return timeIn(site.time_zone, now) !== timeIn(here, now);
}

/** "Central European Time (Europe/Berlin)" would be long: its offset and its name. */
function zoneName(timeZone) {
  const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "shortOffset" }).formatToParts(new Date());
  return `${timeZone} (${parts.find(({ type }) => type === "timeZoneName").value})`;
}
