/** One capture in full: the picture, the numbers, and why the other shots of the visit lost. */

import { say } from "./announcer.js";
import { address, call } from "./api.js";
import { cropPath, maskBadge } from "./cards.js";
import { byId, h } from "./dom.js";
import { fetchInto } from "./pictures.js";
import { text, textOr } from "./texts.js";
import { count, fullTime, quality, share } from "./words.js";

export class Details {
  #dialog = byId("details");
  #gallery;
  #onDelete;
  #capture = null;

  /**
   * @param gallery what lies beside the capture, and where the focus goes.
   * @param onDelete called when a capture was deleted.
   */
  constructor(gallery, onDelete) {
    this.#gallery = gallery;
    this.#onDelete = onDelete;
    this.#dialog.addEventListener("close", () => this.#gallery.focus(this.#capture));
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.#step(-1);
      if (event.key === "ArrowRight") this.#step(1);
    });
  }

  /** Open on a capture. */
  open(capture) {
    this.#capture = capture;
    const image = h("img", { class: "crop", width: 224, height: 224, alt: text("details.picture", { camera: capture.camera }) });
    fetchInto(image, cropPath(capture));
    this.#dialog.replaceChildren(
      this.#head(capture),
      h("div", { class: "whole" }, image, h("div", {}, maskLine(capture), facts(capture))),
      lost(capture.visit),
      this.#actions(capture),
    );
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #head(capture) {
    const button = (name, symbol, click, disabled) =>
      h("button", { class: "quiet", type: "button", "aria-label": name, title: name, click, disabled }, symbol);
    const title = text("details.title", { camera: capture.camera, time: fullTime(capture.time) });
    return h(
      "header",
      {},
      h("h2", { id: "details-title", tabindex: "-1", autofocus: true }, title),
      button(text("details.newer"), "←", () => this.#step(-1), !this.#gallery.neighbour(capture, -1)),
      button(text("details.older"), "→", () => this.#step(1), !this.#gallery.neighbour(capture, 1)),
      button(text("details.close"), "✕", () => this.#dialog.close()),
    );
  }

  #step(step) {
    const next = this.#gallery.neighbour(this.#capture, step);
    if (!next) return;
    this.open(next);
    byId("details-title").focus();
  }

  #actions(capture) {
    const ask = () => this.#ask(capture, remove);
    const remove = h("button", { class: "quiet danger", type: "button", click: ask }, text("delete.ask"));
    return h("p", { class: "actions" }, remove);
  }

  #ask(capture, button) {
    const remove = () => this.#remove(capture);
    const sure = h("button", { class: "danger", type: "button", click: remove }, text("delete.sure"));
    const keep = h("button", { class: "quiet", type: "button", click: () => this.open(capture) }, text("delete.keep"));
    button.replaceWith(h("span", {}, text("delete.question")), keep, sure);
    keep.focus();
  }

  async #remove(capture) {
    try {
      await call(address(`v1/captures/${encodeURIComponent(capture.id)}`), { method: "DELETE" });
    } catch (problem) {
      if (problem.status !== 404) {
        const note = h("span", { class: "error", role: "alert" }, problem.message);
        this.#dialog.querySelector(".actions").replaceChildren(note);
        return;
      }
    }
    this.#capture = this.#gallery.remove(capture);
    this.#dialog.close();
    say(text("delete.done"));
    this.#onDelete();
  }
}

function maskLine(capture) {
  const { mask_prob: sure, incorrect_prob: wrongly = null } = capture;
  const said = [
    sure === null ? text("details.notClassified") : text("details.maskProbability", { share: share(sure, 1) }),
    wrongly === null ? null : text("details.incorrectProbability", { share: share(wrongly, 1) }),
  ];
  return h("p", { class: "mask-line" }, maskBadge(capture.mask), " ", said.filter(Boolean).join(text("list.comma")));
}

function facts(capture) {
  const degrees = (angle) => (angle === null || angle === undefined ? text("details.notKnown") : `${Math.round(angle)}°`);
  const { yaw, pitch, roll } = capture.pose ?? {};
  const rows = [
    [text("details.emitted"), textOr(`kind.${capture.kind}`, capture.kind)],
    [text("details.quality"), text("details.qualityScale", { quality: quality(capture.quality) })],
    [text("details.visit"), text("details.track", { track: capture.track_id, sequence: capture.sequence })],
    [text("details.frame"), text("details.frames", { taken: capture.shot_frame, emitted: capture.frame })],
    [text("details.turned"), text("details.pose", { yaw: degrees(yaw), pitch: degrees(pitch), roll: degrees(roll) })],
    [text("details.face"), text("details.score", { score: quality(capture.score) })],
    [text("details.received"), fullTime(capture.received)],
  ];
  return h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function lost(visit) {
  const heading = h("h3", {}, text("details.lost"));
  if (!visit) {
    return h("section", { class: "lost" }, heading, h("p", {}, text("details.lostNotSaid")));
  }
  const reasons = Object.entries(visit.lost).sort(([, one], [, other]) => other - one);
  if (!reasons.length) {
    return h("section", { class: "lost" }, heading, h("p", {}, text("details.lostNone")));
  }
  const most = reasons[0][1];
  const rows = reasons.map(([reason, number]) => {
    const bar = h("span", { class: "share" });
    bar.style.setProperty("--share", number / most);
    return h("li", {}, h("span", {}, textOr(`lost.${reason}`, reason)), bar, h("b", {}, count(number)));
  });
  const whole = text("details.seen", { n: visit.shots });
  return h("section", { class: "lost" }, heading, h("p", {}, whole), h("ul", {}, ...rows));
}
