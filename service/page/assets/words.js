/** How things are said. */

/** By answer. The one list of answers of this page. */
export const MASK = { mask: "Mask", no_mask: "No mask", incorrect: "Worn wrongly", unknown: "Unknown" };

/** The answers to show for these counts: `incorrect` only where it was given, which not every model can. */
export const answersIn = (counts) => Object.keys(MASK).filter((answer) => answer !== "incorrect" || counts[answer]);

/** Of all answers. */
export const total = (counts) => Object.keys(MASK).reduce((number, answer) => number + counts[answer], 0);

/** Masks that are worn as they should be among the answers that are known; a dash where there is none. */
export const maskRate = (counts) => share(counts.mask, total(counts) - counts.unknown);

export const KIND = {
  first: "First good shot of the visit",
  periodic: "Best shot since the visit's last capture",
  lost: "Best shot, when the person had left",
  flush: "Best shot, when the visit was ended",
};

export const LOST = {
  superseded: "Kept at first, then replaced by a better shot",
  not_better: "No better than the kept shot",
  refined_not_better: "No better than the kept shot on a closer look",
  below_track_best: "Well below the best of the visit",
  low_quality: "Quality too low",
  too_small: "Face too small",
  too_large: "Face too large",
  extreme_yaw: "Turned to the side",
  extreme_pitch: "Looking up or down",
  extreme_roll: "Head tilted",
  invalid_pose: "Pose not clear",
  eyes_too_close: "Eyes too close together",
  low_landmark_confidence: "Eyes, nose and mouth not certain",
  not_a_face: "No face on a closer look",
  track_unconfirmed: "Visit had only just begun",
  count_exhausted: "Visit had all its captures already",
  no_free_slot: "Too many people at once",
  crop_failed: "Outside the picture",
  duplicate_identity: "Captured already on another visit",
  outside_area: "Outside the area that counts",
};

export const CAMERA = {
  receiving: "Receiving",
  quiet: "Quiet",
  new: "No frame yet",
  connecting: "Connecting",
  retrying: "Lost, trying again",
  stopped: "Stopped",
};

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A time of today as its clock, another with its day. */
export function time(text) {
  const date = new Date(text);
  return day.format(date) === day.format(new Date()) ? clock.format(date) : moment.format(date);
}

/** Day and clock. */
export const fullTime = (text) => moment.format(new Date(text));

/** "3 minutes ago". */
export function since(text) {
  const seconds = Math.min(0, Math.round((Date.parse(text) - Date.now()) / 1000));
  const [unit, length] = STEPS.find(([, length]) => -seconds >= length) ?? STEPS.at(-1);
  return ago.format(Math.ceil(seconds / length), unit);
}

/** A number of the interface: thousands apart. */
export const count = (number) => number.toLocaleString();

/** "1 capture", "2 captures". */
export const captures = (number) => (number === 1 ? "1 capture" : `${count(number)} captures`);

/** A number such as quality, which runs from about -0.2 to 1.5; a dash where it is not known. */
export const quality = (value) => (value === null ? "–" : value.toFixed(2));

/** A share as whole per cent; a dash where there is none. */
export const share = (part, whole) => (whole > 0 ? `${Math.round((100 * part) / whole)} %` : "–");
