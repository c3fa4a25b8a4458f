/** One visit in full: its best shot, the others as a strip, what is known of each, and its end. */

import { say } from "./announcer.js";
import { address, call, getJson } from "./api.js";
import { cropPath } from "./cards.js";
import { copyButton } from "./copy.js";
import { byId, h } from "./dom.js";
import { engineering, facts, maskLine } from "./facts.js";
import { moveByArrows } from "./grid_keys.js";
import { nameOf } from "./names.js";
import { fetchInto } from "./pictures.js";
import { save, stamp } from "./save.js";
import { may } from "./site.js";
import { text } from "./texts.js";
import { fullTime, time } from "./words.js";

const visitPath = ({ id }) => `v1/visits/${encodeURIComponent(id)}`;

export class Details {
  #dialog = byId("details");
  #gallery;
  #onDelete;
  #visit = null;

  /**
   * @param gallery what lies beside the visit, and where the focus goes.
   * @param onDelete called when a visit was deleted.
   */
  constructor(gallery, onDelete) {
    this.#gallery = gallery;
    this.#onDelete = onDelete;
    this.#dialog.addEventListener("close", () => {
      inAddress(null);
      this.#gallery.focus(this.#visit);
    });
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.#step(-1);
      if (event.key === "ArrowRight") this.#step(1);
    });
  }

  /** Open the visit that the page's address names, if it does; false where there is no such visit. */
  async openLinked() {
    const id = new URLSearchParams(location.search).get("visit");
    if (!id || this.#dialog.open) return true;
    try {
      this.open(await getJson(visitPath({ id })));
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      inAddress(null);
      return false;
    }
    return true;
  }

  /** Open on a visit. */
  open(visit) {
    this.#show(visit, visit.best, visit.shots ?? [visit.best]);
    inAddress(visit.id);
    if (!this.#dialog.open) this.#dialog.showModal();
    if (!visit.shots && visit.captures > 1) this.#fetchShots(visit);
  }

  async #fetchShots(visit) {
    try {
      const whole = await getJson(visitPath(visit));
      if (this.#visit !== visit) return;
      const inside = this.#dialog.contains(document.activeElement) ? document.activeElement.id : "";
      this.#show(whole, whole.best, whole.shots);
      if (inside) byId(inside)?.focus();
    } catch (problem) {
      if (this.#visit === visit) this.#fail(problem);
    }
  }

  #show(visit, shot, shots) {
    this.#visit = visit;
    const strip = shots.length > 1 ? this.#strip(visit, shot, shots) : null;
    const parts = [this.#head(visit), this.#whole(visit, shot), strip, engineering(shot), this.#actions(visit, shot)];
    const opened = this.#dialog.querySelector(".engineering")?.open;
    this.#dialog.replaceChildren(...parts.filter(Boolean));
    this.#dialog.querySelector(".engineering").open = opened ?? false;
  }

  #whole(visit, shot) {
    const alt = text("details.picture", { camera: nameOf(visit.camera) });
    const image = h("img", { class: "crop", width: 224, height: 224, alt });
    fetchInto(image, cropPath(shot));
    return h("div", { class: "whole" }, image, h("div", {}, maskLine(shot), facts(visit, shot)));
  }

  /** All shots, the best first; arrow keys go from one to the next. */
  #strip(visit, shot, shots) {
    const items = shots.map((other, place) => {
      const image = h("img", { class: "crop", alt: "", width: 72, height: 72 });
      fetchInto(image, cropPath(other));
      const label = text("details.shot", { place: place + 1, of: shots.length, time: time(other.time) });
      const choose = () => {
        this.#show(visit, other, shots);
        this.#dialog.querySelectorAll(".strip button")[place].focus();
      };
      const pressed = String(other.id === shot.id);
      const attributes = { type: "button", "aria-label": label, title: label, "aria-pressed": pressed };
      return h("li", {}, h("button", { ...attributes, "data-mask": other.mask, click: choose }, image));
    });
    const list = h("ul", { class: "strip", "aria-label": text("details.shots", { n: shots.length }) }, ...items);
    list.addEventListener("keydown", (event) => {
      moveByArrows(list, event);
      if (event.key.startsWith("Arrow")) event.stopPropagation();
    });
    return h("section", {}, h("h3", {}, text("details.shots", { n: shots.length })), list);
  }

  #head(visit) {
    const button = (name, symbol, click, disabled) =>
      h("button", { class: "quiet", type: "button", "aria-label": name, title: name, click, disabled }, symbol);
    const title = text("details.title", { camera: nameOf(visit.camera), time: fullTime(visit.time) });
    return h(
      "header",
      {},
      h("h2", { id: "details-title", tabindex: "-1", autofocus: true }, title),
      button(text("details.newer"), "←", () => this.#step(-1), !this.#gallery.neighbour(visit, -1)),
      button(text("details.older"), "→", () => this.#step(1), !this.#gallery.neighbour(visit, 1)),
      button(text("details.close"), "✕", () => this.#dialog.close()),
    );
  }

  #step(step) {
    const next = this.#gallery.neighbour(this.#visit, step);
    if (!next) return;
    this.open(next);
    byId("details-title").focus();
  }

  #actions(visit, shot) {
    const download = () => save(cropPath(shot), {}, fileName(visit, shot)).catch((problem) => this.#fail(problem));
    const remove = h("button", { class: "quiet danger", type: "button" }, text("delete.ask"));
    remove.addEventListener("click", () => this.#ask(visit, remove));
    return h(
      "p",
      { class: "actions" },
      h("button", { class: "quiet", type: "button", click: download }, text("details.download")),
      copyButton(text("details.link"), () => link(visit)),
      may("admin") ? remove : null,
    );
  }

  #ask(visit, button) {
    const sure = h("button", { class: "danger", type: "button" }, text("delete.sure"));
    sure.addEventListener("click", () => this.#remove(visit));
    const keep = h("button", { class: "quiet", type: "button", click: () => this.open(visit) }, text("delete.keep"));
    button.replaceWith(h("span", {}, text("delete.question", { n: visit.captures })), keep, sure);
    keep.focus();
  }

  async #remove(visit) {
    try {
      await call(address(visitPath(visit)), { method: "DELETE" });
    } catch (problem) {
      if (problem.status !== 404) return this.#fail(problem);
    }
    this.#visit = this.#gallery.remove(visit);
    this.#dialog.close();
    say(text("delete.done"));
    this.#onDelete();
  }

  #fail(problem) {
    const note = h("span", { class: "error", role: "alert" }, problem.message);
    this.#dialog.querySelector(".actions").replaceChildren(note);
  }
}

/** The page's address with this visit alone; it opens it. */
function link({ id }) {
  const url = new URL(location.href);
  url.search = "";
  url.searchParams.set("visit", id);
  return url.href;
}

/** Have the page's address name a visit, so that it is open again after a reload. */
function inAddress(id) {
  const url = new URL(location.href);
  if (id) url.searchParams.set("visit", id);
  else url.searchParams.delete("visit");
  history.replaceState(null, "", url);
}

const fileName = (visit, shot) => `${visit.camera}_${stamp(shot.time)}_${shot.mask}.png`;
