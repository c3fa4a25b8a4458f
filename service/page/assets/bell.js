/** A sound and a notification of the browser for each alert, where the guard wants them. */

import { byId } from "./dom.js";
import { nameOf } from "./names.js";
import { text } from "./texts.js";
import { mask } from "./words.js";

const STORED = "facecap.bell";
const APART = 2000;
const TONES = [880, 660];
const TONE_SECONDS = 0.18;

export class Bell {
  #button = byId("bell");
  #audio = null;
  #rang = -APART;

  constructor() {
    this.#button.addEventListener("click", () => this.#toggle());
    this.#show();
    // Browsers let a page sound once somebody has touched it.
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#isOn && this.#wake());
  }

  /** An alert was raised. */
  ring({ camera, mask: answer }) {
    if (!this.#isOn) return;
    if (performance.now() - this.#rang >= APART) {
      this.#rang = performance.now();
      this.#sound();
    }
    if (globalThis.Notification?.permission !== "granted") return;
    // A later one of the camera takes the place of an earlier. No picture: what notifies may keep it.
    const options = { body: answer ? mask(answer) : text("alerts.offline"), tag: `facecap ${camera}`, renotify: true };
    const shown = new Notification(text("alerts.notification", { camera: nameOf(camera) }), options);
    shown.onclick = () => globalThis.focus();
  }

  get #isOn() {
    return localStorage.getItem(STORED) === "on";
  }

  async #toggle() {
    if (this.#isOn) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, "on");
    this.#show();
    byId("bell-answer").textContent = "";
    if (!this.#isOn) return;
    this.#wake();
    this.#sound();
    const allowed = await globalThis.Notification?.requestPermission();
    if (allowed !== "granted") byId("bell-answer").textContent = text("alerts.soundAlone");
  }

  #show() {
    this.#button.setAttribute("aria-pressed", this.#isOn);
  }

  #wake() {
    this.#audio ??= new AudioContext();
    this.#audio.resume();
  }

  #sound() {
    if (!this.#audio) return;
    const volume = new GainNode(this.#audio, { gain: 0.2 });
    volume.connect(this.#audio.destination);
    for (const [place, frequency] of TONES.entries()) {
      const tone = new OscillatorNode(this.#audio, { frequency });
      tone.connect(volume);
      const start = this.#audio.currentTime + place * TONE_SECONDS;
      tone.start(start);
      tone.stop(start + TONE_SECONDS);
    }
  }
}
