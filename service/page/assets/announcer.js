/** Says to screen readers what came, several captures in one sentence. */

import { byId } from "./dom.js";
import { nameOf } from "./names.js";
import { text } from "./texts.js";
import { mask } from "./words.js";

const SETTLING = 300;
const APART = 5000;
let came = [];
let timer = null;
let lastAnnounced = -APART;

/** Say something at once. */
export function say(sentence) {
  byId("announcer").textContent = sentence;
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
  const [n, without, wrongly] = [came.length, those("no_mask"), those("incorrect")];
  if (n === 1) say(text("announce.one", { camera: nameOf(came[0].camera), mask: mask(came[0].mask) }));
  else say(text(wrongly ? "announce.manyWrongly" : "announce.many", { n, without, wrongly }));
  came = [];
}
