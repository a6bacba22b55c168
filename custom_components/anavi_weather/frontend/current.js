/** Home Assistant's weather card, drawn smaller on narrow screens, where it would cut off conditions with long names. */

import { define, element } from "./card.js";

const STYLE = `
  :host { display: block; height: 100%; container-type: inline-size; }
  div { height: 100%; }
  @container (max-width: 460px) { div { zoom: 0.75; --ha-card-border-radius: 16px; } }
`;

class CurrentWeather extends HTMLElement {
  constructor() {
    super();
    this.place = element("div");
    this.attachShadow({ mode: "open" }).append(element("style", { textContent: STYLE }), this.place);
  }

  async setConfig({ entity, name }) {
    const { createCardElement } = await window.loadCardHelpers();
    this.card = createCardElement({ type: "weather-forecast", entity, name, show_current: true, show_forecast: false });
    this.card.hass = this.home;
    this.place.replaceChildren(this.card);
  }

  set hass(hass) {
    this.home = hass;
    if (this.card) this.card.hass = hass;
  }

  getCardSize() {
    return 2;
  }

  getGridOptions() {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }
}

define("anavi-weather-current", CurrentWeather);

/** Return the weather card of a station, or nothing if it has no weather entity. */
export const currentWeather = (station) =>
  station.entities
    .filter(({ domain }) => domain === "weather")
    .map(({ id }) => ({ type: "custom:anavi-weather-current", entity: id, name: station.name }));
