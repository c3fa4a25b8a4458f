/** Parts that are folded on a phone, where captures come first; a wider page shows them all. */

const PHONE = matchMedia("(width < 48rem)");

/** Fold them now, and unfold or fold them where the width changes. */
export function foldOnPhones() {
  const fold = () => {
    for (const part of document.querySelectorAll("details.fold")) part.open = !PHONE.matches;
  };
  PHONE.addEventListener("change", fold);
  fold();
}
