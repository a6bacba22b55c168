/** Base of the panel's own cards, which are buttons that open the details of an entity. */

const REFRESH = 5 * 60_000; // ms, as often as the recorder makes statistics

const STYLE = `
  :host { display: block; height: 100%; }
  ha-card { height: 100%; overflow: hidden; }
  ha-icon, ha-state-icon { --mdc-icon-size: 24px; flex: none; }
  button, a {
    all: unset; box-sizing: border-box; display: block; width: 100%; height: 100%; padding: 12px;
    font: inherit; color: var(--primary-text-color); cursor: pointer; container-type: inline-size;
    border-radius: var(--ha-card-border-radius, 12px);
  }
  button:focus-visible, a:focus-visible { outline: 2px solid var(--primary-color); outline-offset: -2px; }
  .secondary { color: var(--secondary-text-color); }
`;

/** Return an element with properties and children, of which texts are shown verbatim. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Return an entity's icon, which follows its state. */
export const stateIcon = (hass, stateObj) => element("ha-state-icon", { hass, stateObj });

export class PanelCard extends HTMLElement {
  /** Add a style sheet to that of all cards. */
  constructor(style) {
    super();
    this.attachShadow({ mode: "open" }).append(element("style", { textContent: STYLE + style }));
    this.card = element("ha-card");
    this.shadowRoot.append(this.card);
  }

  setConfig(config) {
    this.config = config;
  }

  /** Draw the card if one of its entities or the language changed. */
  set hass(hass) {
    const before = this.home;
    this.home = hass;
    const isChanged = ({ states, locale }) =>
      locale !== hass.locale || this.entities().some((id) => states[id] !== hass.states[id]);
    if (!before || isChanged(before)) this.draw();
    if (!before && this.isConnected) this.load();
  }

  connectedCallback() {
    this.timer = setInterval(() => this.load(), REFRESH);
    if (this.home) this.load();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  getCardSize() {
    return 3;
  }

  getGridOptions() {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }

  /** Return the ids of the entities that the card shows. */
  entities() {
    return [this.config.entity];
  }

  /** Fetch what is not in the entities' states. */
  async load() {}

  /** Show the state of the entities. */
  draw() {}

  /** Return a button that opens the details of the entity in a part of the configuration. */
  button(key, ...children) {
    const open = () => {
      const detail = { entityId: this.config[key] };
      this.dispatchEvent(new CustomEvent("hass-more-info", { detail, bubbles: true, composed: true }));
    };
    return element("button", { type: "button", onclick: open }, ...children);
  }
}

/** Define a card, once on each page. */
export function define(name, card) {
  if (!customElements.get(name)) customElements.define(name, card);
}
