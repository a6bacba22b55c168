/**
 * Card of an infrared device's remote control.
 *
 * Its commands have a `label`, and an `icon`, a `key` if it is a common one, and a button `entity` if they have one. With a
 * `remote`, commands are sent by name and can be held; without it, their buttons are pressed.
 */

import { define, element } from "./card.js";
import { pressable } from "./hold.js";
import { arrange } from "./keys.js";
import { STYLE } from "./remote_style.js";
import { texts } from "./texts.js";

const ELEMENT = "anavi-weather-remote";
const UNAVAILABLE = "unavailable";
/** What is on the keys themselves. Others have an icon. */
const SYMBOLS = { ok: "OK", star: "*", hash: "#" };
const ROCKER_ICONS = { volume_up: "mdi:plus", volume_down: "mdi:minus" };

/** The height of each block of keys, in units of 50 px. */
const BLOCK_SIZES = {
  row: ({ length }) => 1.3 * Math.ceil(length / 4),
  pad: () => 4.4,
  rockers: () => 3,
  digits: ({ length }) => 1.1 * Math.ceil(length / 3),
  colors: () => 1.2,
};

const icon = (name) => element("ha-icon", { icon: name, ariaHidden: "true" });

class RemoteCard extends HTMLElement {
  buttons = [];

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  setConfig(config) {
    this.config = config;
    this.drawn = false;
  }

  set hass(hass) {
    const before = this.home;
    this.home = hass;
    if (!this.drawn) this.draw();
    if (!before || before.states !== hass.states) this.update();
  }

  disconnectedCallback() {
    for (const { end } of this.buttons) end();
  }

  /** Return the height in units of 50 px, by which a view balances its columns. */
  getCardSize() {
    return 1 + arrange(this.config.commands).reduce((sum, { kind, commands }) => sum + BLOCK_SIZES[kind](commands), 0);
  }

  getGridOptions() {
    return { columns: 12, rows: "auto", min_columns: 9 };
  }

  draw() {
    this.drawn = true;
    this.buttons = [];
    this.language = this.home.locale.language;
    const { device, title, commands } = this.config;
    const remote = element("div", { className: "remote", role: "group", ariaLabel: device, lang: this.language });
    if (title) remote.append(element("h2", {}, title));
    remote.append(...arrange(commands, this.language).map((block) => this.block(block)));
    this.shadowRoot.replaceChildren(element("style", { textContent: STYLE }), element("ha-card", {}, remote));
  }

  /** Disable the buttons that cannot send. */
  update() {
    const { states } = this.home;
    for (const { button, command } of this.buttons) {
      button.disabled = (states[this.config.emitter ?? command.entity]?.state ?? UNAVAILABLE) === UNAVAILABLE;
    }
  }

  block({ kind, commands, columns }) {
    if (kind === "rockers") {
      return element("div", { className: kind }, ...columns.map((column) => this.rocker(column)));
    }
    const keys = commands.map((command) => (command ? this.key(kind, command) : element("span")));
    return element("div", { className: kind }, ...keys);
  }

  /** Return a column of two keys, or a key that stands alone between them. */
  rocker({ name, commands: [up, down] }) {
    if (!name) return this.button(up, icon(up.icon));
    const title = texts(this.language)[name];
    const key = (command) => this.button(command, icon(ROCKER_ICONS[command.key] ?? command.icon));
    const properties = { className: "rocker", role: "group", ariaLabel: title };
    return element("div", properties, key(up), element("span", { ariaHidden: "true" }, title), key(down));
  }

  key(kind, command) {
    const { key, label } = command;
    if (kind === "digits") return this.button(command, SYMBOLS[key] ?? key);
    if (kind === "colors") {
      const button = this.button(command);
      button.style.setProperty("--key-color", `var(--${key}-color)`);
      return button;
    }
    if (kind === "pad") {
      const button = this.button(command, SYMBOLS[key] ?? icon(command.icon));
      button.classList.add(key);
      return button;
    }
    return this.button(command, ...(command.icon ? [icon(command.icon)] : []), element("span", {}, label));
  }

  /** Return a button that sends a command. Its name includes the device, because several devices have the same keys. */
  button(command, ...content) {
    const properties = { type: "button", title: command.label, ariaLabel: `${this.config.device}: ${command.label}` };
    const button = element("button", properties, ...content);
    const tap = () => {
      window.dispatchEvent(new CustomEvent("haptic", { detail: "light" }));
      this.send(command);
    };
    const end = pressable(button, tap, () => this.hold(button, command));
    this.buttons.push({ button, command, end });
    return button;
  }

  /** Send a command. Home Assistant shows its errors. */
  async send({ name, entity }) {
    const { remote, device } = this.config;
    try {
      if (remote) {
        await this.home.callService("remote", "send_command", { device, command: name }, { entity_id: remote });
      } else {
        await this.home.callService("button", "press", {}, { entity_id: entity });
      }
    } catch (error) {
      console.warn("anavi_weather: cannot send a command:", error);
    }
  }

  /** Send a command until the returned function is called. */
  hold(button, command) {
    const { remote, device } = this.config;
    window.dispatchEvent(new CustomEvent("haptic", { detail: "medium" }));
    if (!remote) {
      this.send(command);
      return undefined;
    }
    const message = { type: "anavi_weather/hold_key", entity_id: remote, device, command: command.name };
    // A connection that was lost has released the key.
    const held = this.home.connection.subscribeMessage(() => {}, message, { resubscribe: false });
    held.catch(({ message: reason }) => this.notify(reason));
    button.classList.add("held");
    return () => {
      button.classList.remove("held");
      held.then((release) => release()).catch(() => {});
    };
  }

  notify(message) {
    this.dispatchEvent(new CustomEvent("hass-notification", { detail: { message }, bubbles: true, composed: true }));
  }
}

define(ELEMENT, RemoteCard);

/** Return the card of a remote control. */
export const remoteCard = (config) => ({ type: `custom:${ELEMENT}`, ...config });
