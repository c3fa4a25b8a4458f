/** Arrow keys in a list of cards. */

/** Go from card to card as they lie on the screen: arrow keys, Home and End. */
export function moveByArrows(list, event) {
  const items = Array.from(list.children);
  const place = items.indexOf(document.activeElement.parentElement);
  if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
  const columns = items.filter((item) => item.offsetTop === items[0].offsetTop).length;
  const targets = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    ArrowUp: place - columns,
    ArrowDown: place + columns,
    Home: 0,
    End: items.length - 1,
  };
  const next = items[targets[event.key]];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.firstElementChild.focus();
}
