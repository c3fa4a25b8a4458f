/** A camera's settings for who has `admin`: its name, where it stands, its areas, and its removal. */

import { say } from "./announcer.js";
import { address, call, getJson } from "./api.js";
import { byId, h, show } from "./dom.js";
import { fetchInto } from "./pictures.js";
import { LEAST, Polygons } from "./polygons.js";
import { text } from "./texts.js";

const pathOf = (name) => `v1/cameras/${encodeURIComponent(name)}`;

export class CameraSettings {
  #dialog = byId("settings");
  #form = byId("settings-form");
  #onChange;
  #camera = null;
  #loaded = false;
  #polygons = new Polygons(
    () => this.#showState(),
    (place, x, y) => text("areas.corner", { place: place + 1, x, y }),
  );

  /** @param onChange called when a camera was changed or removed. */
  constructor(onChange) {
    this.#onChange = onChange;
    byId("areas").append(this.#polygons.element);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    for (const kind of ["ignore", "only"]) {
      byId(`area-${kind}`).addEventListener("click", () => this.#polygons.begin(kind));
    }
    byId("area-corner").addEventListener("click", () => this.#polygons.add());
    byId("area-delete").addEventListener("click", () => this.#polygons.remove());
    byId("area-undo").addEventListener("click", () => this.#polygons.undo());
    byId("settings-cancel").addEventListener("click", () => this.#dialog.close());
    byId("camera-remove").addEventListener("click", () => this.#ask());
  }

  /** Open on a camera of the list: nothing of another one is left, and nothing is saved before its own is known. */
  async open(camera) {
    this.#camera = camera;
    this.#say("");
    this.#showRemoval();
    byId("settings-title").textContent = text("settings.title", { camera: camera.name });
    this.#fill({ display_name: null, area: null, ignore: [], only: [], set_in_file: [] }, false);
    const [width, height] = camera.size ?? [16, 9];
    byId("areas").style.setProperty("--ratio", width / height);
    this.#dialog.showModal();
    await Promise.all([this.#load(camera), this.#showFrame(camera)]);
  }

  async #load(camera) {
    try {
      const settings = await getJson(`${pathOf(camera.name)}/settings`);
      if (this.#camera === camera) this.#fill(settings, true);
    } catch (problem) {
      if (this.#camera === camera) this.#say(problem.message);
    }
  }

  #fill(settings, loaded) {
    this.#loaded = loaded;
    const fixed = settings.set_in_file;
    for (const name of ["display_name", "area"]) {
      this.#form.elements[name].value = settings[name] ?? "";
      this.#form.elements[name].readOnly = !loaded || fixed.includes(name);
    }
    const names = fixed.map((name) => text(`settings.field.${name}`)).join(text("list.comma"));
    byId("settings-fixed").textContent = text("settings.fixed", { names });
    show(byId("settings-fixed"), fixed.length > 0);
    const of = (kind) => settings[kind].map((points) => ({ kind, points }));
    this.#polygons.load([...of("ignore"), ...of("only")]);
  }

  async #showFrame(camera) {
    // A new element: the picture of another camera may still be under way to the old one.
    const frame = h("img", { id: "areas-frame", alt: "", hidden: true });
    byId("areas-frame").replaceWith(frame);
    show(byId("areas-unseen"), !camera.shown);
    if (!camera.shown) return;
    const there = await fetchInto(frame, `${pathOf(camera.name)}/frame`);
    show(frame, there);
    if (this.#camera === camera) show(byId("areas-unseen"), !there);
  }

  async #save() {
    const of = (kind) => this.#polygons.all.filter((area) => area.kind === kind).map(({ points }) => points);
    const { display_name: shown, area } = this.#form.elements;
    const camera = this.#camera;
    const settings = {
      display_name: shown.value.trim() || null,
      area: area.value.trim() || null,
      ignore: of("ignore"),
      only: of("only"),
    };
    try {
      await call(address(`${pathOf(camera.name)}/settings`), {
        method: "PUT",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(settings),
      });
    } catch (problem) {
      return this.#refused(camera, problem);
    }
    this.#close(camera);
    say(text("settings.saved"));
    this.#onChange();
  }

  #ask() {
    const keep = h("button", { class: "quiet", type: "button", click: () => this.#showRemoval() }, text("delete.keep"));
    const sure = h("button", { class: "danger", type: "button" }, text("settings.removeSure"));
    sure.addEventListener("click", () => this.#remove());
    show(byId("camera-remove"), false);
    byId("camera-remove-answer").replaceChildren(h("span", {}, text("settings.removeQuestion")), keep, sure);
    keep.focus();
  }

  #showRemoval() {
    show(byId("camera-remove"), true);
    byId("camera-remove-answer").replaceChildren();
  }

  async #remove() {
    const camera = this.#camera;
    try {
      await call(address(pathOf(camera.name), { remove: "true" }), { method: "DELETE" });
    } catch (problem) {
      return this.#refused(camera, problem);
    }
    this.#close(camera);
    say(text("settings.removed"));
    this.#onChange();
  }

  #showState() {
    const { current, all, chosen, canUndo } = this.#polygons;
    const unfinished = all.some(({ points }) => points.length < LEAST);
    const list = all.map(({ kind, points }, place) => {
      const words = text(`areas.${kind}`, { n: points.length, place: place + 1 });
      const pressed = String(place === chosen);
      const choose = () => {
        this.#polygons.choose(place);
        byId("areas-list").children[place]?.firstElementChild.focus();
      };
      return h("li", {}, h("button", { class: "quiet", type: "button", "aria-pressed": pressed, click: choose }, words));
    });
    byId("areas-list").replaceChildren(...list);
    byId("area-corner").disabled = !current;
    byId("area-delete").disabled = !current;
    byId("area-undo").disabled = !canUndo;
    for (const kind of ["ignore", "only"]) byId(`area-${kind}`).disabled = !this.#loaded;
    byId("settings-save").disabled = unfinished || !this.#loaded;
    const help = text(unfinished ? "areas.unfinished" : current ? "areas.help" : "areas.none");
    byId("areas-help").textContent = this.#loaded ? help : "";
  }

  /** Close the dialog where it is still that camera's. */
  #close(camera) {
    if (this.#camera === camera) this.#dialog.close();
  }

  #refused(camera, problem) {
    if (this.#camera !== camera) return;
    this.#showRemoval();
    this.#say(problem.code === "set_in_file" ? text("settings.inFile") : problem.message);
  }

  #say(sentence) {
    byId("settings-error").textContent = sentence;
  }
}
