/** Whether the page is up to date, and how it says so: beside the name, in a banner, and in the tab's title. */

import { byId, show, write } from "./dom.js";
import { Pulse } from "./pulse.js";
import { Stream } from "./stream.js";
import { text } from "./texts.js";
import { retitle } from "./title.js";
import { duration, time } from "./words.js";

export class Connection {
  #onGone;
  #state = "connecting";
  #gone = false;
  #opened = new Date();
  #stream;

  /**
   * @param onEvent called with {id, kind, data} of each event.
   * @param onLive called when events are followed, also after a break.
   * @param onRefused called with the Problem where a key is needed.
   * @param onGone called with true when nothing comes any more, and with false when something does again.
   */
  constructor({ onEvent, onLive, onRefused, onGone }) {
    this.#onGone = onGone;
    this.pulse = new Pulse((beat) => this.#beat(beat));
    const onState = (state, problem) => {
      this.#state = state;
      this.#show();
      // Until it was there once nobody else asks.
      if (state === "lost" && !this.pulse.heard) this.pulse.miss();
      if (state === "live") onLive();
      if (state !== "refused") return;
      // Whoever asks for a key has answered, and nobody asks on without one.
      this.pulse.stop();
      onRefused(problem);
    };
    this.#stream = new Stream({ onEvent, onState, onBytes: () => this.pulse.beat() });
  }

  /** Connect, and again after every break. */
  run() {
    this.#opened = new Date();
    this.pulse.start();
    this.#stream.run();
  }

  #beat({ gone, last }) {
    const since = last ?? this.#opened;
    show(byId("gone"), gone);
    if (gone) {
      write(byId("gone-since"), text("connection.gone", { time: time(since) }));
      byId("gone-for").textContent = `(${duration((Date.now() - since) / 1000)})`;
    }
    retitle({ gone: gone ? text("title.gone", { time: time(since) }) : "" });
    if (gone === this.#gone) return;
    this.#gone = gone;
    document.body.toggleAttribute("data-gone", gone);
    this.#show();
    // A connection that was silent all the while may be dead without knowing it.
    if (!gone) this.#stream.renew();
    this.#onGone(gone);
  }

  #show() {
    const state = this.#gone && this.#state !== "refused" ? "lost" : this.#state;
    const shown = byId("connection");
    shown.dataset.state = state;
    shown.textContent = text(`connection.${state}`);
  }
}
