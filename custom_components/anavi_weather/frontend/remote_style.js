/** Style sheet of a remote control, in the colors of the theme. */

export const STYLE = `
  :host { display: block; }
  ha-card { padding: 12px; }
  .remote { display: flex; flex-direction: column; gap: 16px; max-width: 440px; margin: 0 auto; }
  h2 { margin: 0; font-size: 16px; font-weight: 500; line-height: 24px; text-align: center; overflow-wrap: anywhere; }
  button {
    all: unset; box-sizing: border-box; display: flex; flex-direction: column; align-items: center; justify-content: center;
    gap: 4px; min-height: 48px; border-radius: 12px; cursor: pointer; text-align: center;
    color: var(--primary-text-color); background: color-mix(in srgb, var(--primary-text-color) 7%, transparent);
    touch-action: manipulation; user-select: none; -webkit-user-select: none; -webkit-touch-callout: none;
    -webkit-tap-highlight-color: transparent;
  }
  @media (hover: hover) { button:hover:enabled { background: color-mix(in srgb, var(--primary-text-color) 14%, transparent); } }
  button:active:enabled, button.held:enabled { background: color-mix(in srgb, var(--primary-color) 40%, transparent); }
  button:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
  button:disabled { opacity: 0.4; cursor: default; }
  ha-icon { --mdc-icon-size: 24px; pointer-events: none; }

  .row { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
  .row button { flex: 0 0 max(68px, (100% - 24px) / 4); padding: 6px 2px; }
  .row span { font-size: 11.5px; line-height: 1.3; max-width: 100%; overflow-wrap: anywhere; hyphens: auto; }

  .pad, .rockers, .digits, .colors { direction: ltr; }
  .pad {
    display: grid; grid-template-columns: repeat(3, 1fr); grid-auto-rows: 1fr; width: 204px; height: 204px; padding: 6px;
    box-sizing: border-box; align-self: center; border-radius: 50%;
    background: color-mix(in srgb, var(--primary-text-color) 7%, transparent);
  }
  .pad button { border-radius: 50%; background: none; --mdc-icon-size: 32px; }
  .pad .ok { font-size: 16px; font-weight: 500; background: color-mix(in srgb, var(--primary-color) 25%, transparent); }
  @media (hover: hover) { .pad .ok:hover:enabled { background: color-mix(in srgb, var(--primary-color) 40%, transparent); } }
  .pad .ok:active:enabled, .pad .ok.held:enabled { background: color-mix(in srgb, var(--primary-color) 60%, transparent); }

  .rockers { display: flex; flex-wrap: wrap; justify-content: center; align-items: center; gap: 16px 20px; }
  .rocker {
    display: flex; flex-direction: column; align-items: stretch; width: 76px; border-radius: 38px;
    background: color-mix(in srgb, var(--primary-text-color) 7%, transparent);
  }
  .rocker button { min-height: 60px; border-radius: 38px; background: none; }
  .rocker span { font-size: 12px; text-align: center; color: var(--secondary-text-color); overflow-wrap: anywhere; }
  .rockers > button { width: 56px; height: 56px; border-radius: 50%; }

  .digits { display: grid; grid-template-columns: repeat(3, minmax(0, 88px)); justify-content: center; gap: 8px; font-size: 20px; }

  .colors { display: flex; gap: 8px; }
  .colors button { flex: 1; min-height: 44px; background: var(--key-color); }
  @media (hover: hover) { .colors button:hover:enabled { background: color-mix(in srgb, var(--key-color) 80%, black); } }
  .colors button:active:enabled { background: color-mix(in srgb, var(--key-color) 60%, black); }
`;
