/** Says to screen readers what came, several captures in one sentence. */

import { byId } from "./dom.js";
import { MASK, captures } from "./words.js";

const SETTLING = 300;
const APART = 5000;
let came = [];
let timer = null;
let lastAnnounced = -APART;

/** Say something at once. */
export function say(text) {
  byId("announcer").textContent = text;
}

/** Say, soon and together with others, that a capture came. */
export function sayCapture(capture) {
  came.push(capture);
  timer ??= setTimeout(announce, Math.max(SETTLING, lastAnnounced + APART - performance.now()));
}

function announce() {
  timer = null;
  lastAnnounced = performance.now();
  const those = (answer) => came.filter((capture) => capture.mask === answer).length;
  const wrongly = those("incorrect") ? `, ${those("incorrect")} with a mask worn wrongly` : "";
  if (came.length === 1) say(`New capture at ${came[0].camera}: ${MASK[came[0].mask]}.`);
  else say(`${captures(came.length)} came, ${those("no_mask")} without mask${wrongly}.`);
  came = [];
}
