/** What is known of a shot: for everybody, and for engineers. */

import { maskBadge } from "./cards.js";
import { h } from "./dom.js";
import { named } from "./names.js";
import { siteTime } from "./site.js";
import { text, textOr } from "./texts.js";
import { count, fullTime, quality, qualityWords, share } from "./words.js";

/** The answer of a shot, and how sure it is. */
export function maskLine(shot) {
  const { mask_prob: sure, incorrect_prob: wrongly = null } = shot;
  const said = [
    sure === null ? text("details.notClassified") : text("details.maskProbability", { share: share(sure, 1) }),
    wrongly === null ? null : text("details.incorrectProbability", { share: share(wrongly, 1) }),
  ];
  return h("p", { class: "mask-line" }, maskBadge(shot.mask), " ", said.filter(Boolean).join(text("list.comma")));
}

/** What everybody wants to know. */
export function facts(visit, shot) {
  const there = siteTime(shot.time);
  return list([
    [text("details.taken"), fullTime(shot.time)],
    there && [text("details.siteTime"), there],
    [text("details.camera"), named(visit.camera)],
    visit.captures > 1 && [text("details.answer"), maskBadge(visit.mask)],
    [text("details.quality"), text("details.qualityScale", { quality: qualityWords(shot.quality) })],
  ]);
}

/** A foldable list for who mends or tunes things. */
export function engineering(shot) {
  const degrees = (angle) => (angle === null || angle === undefined ? text("details.notKnown") : `${Math.round(angle)}°`);
  const { yaw, pitch, roll } = shot.pose ?? {};
  const rows = list([
    [text("details.emitted"), textOr(`kind.${shot.kind}`, shot.kind)],
    [text("details.visit"), text("details.track", { track: shot.track_id, sequence: shot.sequence })],
    [text("details.frame"), text("details.frames", { taken: shot.shot_frame, emitted: shot.frame })],
    [text("details.turned"), text("details.pose", { yaw: degrees(yaw), pitch: degrees(pitch), roll: degrees(roll) })],
    [text("details.face"), text("details.score", { score: quality(shot.score) })],
    [text("details.received"), fullTime(shot.received)],
    [text("details.id"), h("code", {}, shot.id)],
  ]);
  return h("details", { class: "engineering" }, h("summary", {}, text("details.engineering")), rows, lost(shot.visit));
}

function list(rows) {
  return h("dl", {}, ...rows.filter(Boolean).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Why other shots lost. */
function lost(summary) {
  const section = (...parts) => h("section", { class: "lost" }, h("h3", {}, text("details.lost")), ...parts);
  if (!summary) return section(h("p", {}, text("details.lostNotSaid")));
  const reasons = Object.entries(summary.lost).sort(([, one], [, other]) => other - one);
  if (!reasons.length) return section(h("p", {}, text("details.lostNone")));
  const most = reasons[0][1];
  const rows = reasons.map(([reason, number]) => {
    const bar = h("span", { class: "share" });
    bar.style.setProperty("--share", number / most);
    return h("li", {}, h("span", {}, textOr(`lost.${reason}`, reason)), bar, h("b", {}, count(number)));
  });
  return section(h("p", {}, text("details.seen", { n: summary.shots })), h("ul", {}, ...rows));
}
