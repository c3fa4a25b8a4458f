/** Whether the service still answers, and since when nothing came of it. */

// A poll that has not been answered by then is taken for lost; with the pause between polls it is known within 10 s.
export const PATIENCE = 4000;
const LONGEST = 9000;
const TICK = 1000;
// A tick that comes later than that was held back by the browser, and polls with it.
const LATE = 3000;

export class Pulse {
  #onBeat;
  #timer = null;
  #last = null;
  #missed = false;
  #ticked = 0;
  #late = false;
  #was = false;

  /** @param onBeat called every second with {gone, last}: whether nothing comes, and the Date when something last did. */
  constructor(onBeat) {
    this.#onBeat = onBeat;
  }

  /** Watch from now on; what came before is forgotten. */
  start() {
    this.stop();
    this.#ticked = Date.now();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** Watch no more, where nobody asks. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = this.#last = null;
    this.#missed = this.#late = false;
    this.#tell();
  }

  /** Something came of the service. */
  beat() {
    if (!this.#timer) return;
    this.#last = new Date();
    this.#missed = this.#late = false;
    if (this.#was) this.#tell();
  }

  /** What was asked for did not come. */
  miss() {
    if (!this.#timer) return;
    this.#missed = true;
    if (!this.#was) this.#tell();
  }

  /** Whether anything ever came. */
  get heard() {
    return this.#last !== null;
  }

  /** Whether nothing comes. Where timers are late, as in the background, the next poll tells and not the clock. */
  get gone() {
    return this.#missed || (!this.#late && this.#last !== null && Date.now() - this.#last > LONGEST);
  }

  #tick() {
    const now = Date.now();
    if (now - this.#ticked > LATE && !this.#was) this.#late = true;
    this.#ticked = now;
    this.#tell();
  }

  #tell() {
    this.#was = this.gone;
    this.#onBeat({ gone: this.#was, last: this.#last });
  }
}
