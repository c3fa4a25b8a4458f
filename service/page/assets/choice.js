/** What can be done with all that the filters ask for: export it, print a report of it, delete it. */

import { say } from "./announcer.js";
import { address, call, failure, getJson } from "./api.js";
import { byId, h, show } from "./dom.js";
import { save, stamp } from "./save.js";
import { text } from "./texts.js";
import { captures, total } from "./words.js";

export class Choice {
  #filters;
  #onDelete;
  #answer = byId("choice-answer");

  /**
   * @param filters which captures.
   * @param onDelete called when captures were deleted.
   */
  constructor(filters, onDelete) {
    this.#filters = filters;
    this.#onDelete = onDelete;
    for (const format of ["csv", "zip"]) byId(`export-${format}`).addEventListener("click", () => this.#export(format));
    byId("delete-all").addEventListener("click", () => this.#ask());
    byId("choice").addEventListener("toggle", () => {
      this.#say();
      byId("report-link").href = address("report", { camera: this.#filters.camera });
    });
  }

  async #export(format) {
    this.#say(text("choice.exporting"));
    try {
      await save("v1/captures/export", { ...this.#filters.query, format }, `captures_${stamp(Date.now())}.${format}`);
      this.#say(text("choice.exported"));
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** Ask back with the number of captures; those that come meanwhile are not meant. */
  async #ask() {
    const query = { ...this.#filters.query };
    query.to ??= new Date().toISOString();
    try {
      const number = total((await getJson("v1/statistics", query)).total);
      if (!number) return this.#say(text("choice.nothing"));
      const keep = h("button", { class: "quiet", type: "button", click: () => this.#say() }, text("delete.keep"));
      const sure = h("button", { class: "danger", type: "button" }, text("delete.sure"));
      sure.addEventListener("click", () => this.#remove(query, number));
      this.#say(text("choice.question", { captures: captures(number) }), keep, sure);
      keep.focus();
    } catch (problem) {
      this.#fail(problem);
    }
  }

  async #remove(query, expect) {
    this.#say(text("choice.deleting"));
    try {
      await call(address("v1/captures", { ...query, expect }), { method: "DELETE" });
      this.#say(text("choice.deleted", { captures: captures(expect) }));
      say(text("choice.deleted", { captures: captures(expect) }));
      this.#onDelete();
    } catch (problem) {
      if (problem.status === 409) this.#say(text("choice.changed"));
      else this.#fail(problem);
    }
  }

  #fail(problem) {
    this.#say(failure(problem));
  }

  #say(sentence = "", ...buttons) {
    this.#answer.replaceChildren(h("span", {}, sentence), ...buttons);
    show(this.#answer, sentence !== "");
  }
}
