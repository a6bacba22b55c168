/** Press and hold of a button, by touch, mouse or keyboard. */

const HOLD_AFTER = 400; // ms
const KEYS = ["Enter", " "];

/**
 * Call `tap` when a button is pressed briefly, `hold` when it is held, and the function that `hold` returns on release.
 * Scrolling is neither.
 */
export function pressable(button, tap, hold) {
  let timer = null;
  let release = null;
  let wasHeld = false;
  const start = () => {
    wasHeld = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      wasHeld = true;
      release = hold();
    }, HOLD_AFTER);
  };
  const end = () => {
    const isTap = timer !== null;
    clearTimeout(timer);
    timer = null;
    release?.();
    release = null;
    return isTap;
  };
  const listeners = {
    pointerdown: (event) => event.button === 0 && start(),
    click: ({ detail }) => {
      end();
      const hasPointer = detail > 0; // a screen reader has none
      if (!(hasPointer && wasHeld)) tap();
    },
    contextmenu: (event) => event.preventDefault(),
    keydown: (event) => {
      if (!KEYS.includes(event.key)) return;
      event.preventDefault(); // no click for each repetition
      if (!event.repeat) start();
    },
    keyup: (event) => {
      if (!KEYS.includes(event.key)) return;
      event.preventDefault();
      if (end()) tap();
    },
  };
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) listeners[name] = end;
  for (const [name, listener] of Object.entries(listeners)) button.addEventListener(name, listener);
  return end;
}
