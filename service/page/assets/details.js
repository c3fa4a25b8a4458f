/** One capture in full: the picture, the numbers, and why the other shots of the visit lost. */

import { say } from "./announcer.js";
import { address, call } from "./api.js";
import { cropPath, maskBadge } from "./cards.js";
import { byId, h } from "./dom.js";
import { fetchInto } from "./pictures.js";
import { KIND, LOST, count, fullTime, quality, share } from "./words.js";

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
    const image = h("img", { class: "crop", width: 224, height: 224, alt: `Face captured at ${capture.camera}` });
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
    const button = (text, symbol, click, disabled) =>
      h("button", { class: "quiet", type: "button", "aria-label": text, title: text, click, disabled }, symbol);
    return h(
      "header",
      {},
      h("h2", { id: "details-title", tabindex: "-1", autofocus: true }, `${capture.camera}, ${fullTime(capture.time)}`),
      button("Newer capture", "←", () => this.#step(-1), !this.#gallery.neighbour(capture, -1)),
      button("Older capture", "→", () => this.#step(1), !this.#gallery.neighbour(capture, 1)),
      button("Close", "✕", () => this.#dialog.close()),
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
    const remove = h("button", { class: "quiet danger", type: "button", click: ask }, "Delete…");
    return h("p", { class: "actions" }, remove);
  }

  #ask(capture, button) {
    const remove = () => this.#remove(capture);
    const sure = h("button", { class: "danger", type: "button", click: remove }, "Delete for good");
    const keep = h("button", { class: "quiet", type: "button", click: () => this.open(capture) }, "Keep");
    button.replaceWith(h("span", {}, "Delete this capture and its picture? "), keep, sure);
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
    say("Capture deleted.");
    this.#onDelete();
  }
}

function maskLine(capture) {
  const sure = capture.mask_prob === null ? "not classified" : `${share(capture.mask_prob, 1)} mask probability`;
  const wrongly = (capture.incorrect_prob ?? null) === null ? "" : `, ${share(capture.incorrect_prob, 1)} worn wrongly`;
  return h("p", { class: "mask-line" }, maskBadge(capture.mask), ` ${sure}${wrongly}`);
}

function facts(capture) {
  const degrees = (angle) => (angle === null || angle === undefined ? "not known" : `${Math.round(angle)}°`);
  const { yaw, pitch, roll } = capture.pose ?? {};
  const rows = {
    Emitted: KIND[capture.kind] ?? capture.kind,
    Quality: `${quality(capture.quality)} (1.3 is a near, frontal face)`,
    Visit: `track ${capture.track_id}, capture ${capture.sequence}`,
    Frame: `taken in ${count(capture.shot_frame)}, emitted in ${count(capture.frame)}`,
    Turned: `yaw ${degrees(yaw)}, pitch ${degrees(pitch)}, roll ${degrees(roll)}`,
    Face: `score ${quality(capture.score)}`,
    Received: fullTime(capture.received),
  };
  return h("dl", {}, ...Object.entries(rows).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function lost(visit) {
  const heading = h("h3", {}, "Why other shots lost");
  if (!visit) {
    return h("section", { class: "lost" }, heading, h("p", {}, "Whoever pushed this capture did not say."));
  }
  const reasons = Object.entries(visit.lost).sort(([, one], [, other]) => other - one);
  if (!reasons.length) {
    return h("section", { class: "lost" }, heading, h("p", {}, "There was no other: this was the only shot."));
  }
  const most = reasons[0][1];
  const rows = reasons.map(([reason, number]) => {
    const bar = h("span", { class: "share" });
    bar.style.setProperty("--share", number / most);
    return h("li", {}, h("span", {}, LOST[reason] ?? reason), bar, h("b", {}, count(number)));
  });
  const whole = `The face was seen in ${count(visit.shots)} frames since the visit's last capture, or its start.`;
  return h("section", { class: "lost" }, heading, h("p", {}, whole), h("ul", {}, ...rows));
}
