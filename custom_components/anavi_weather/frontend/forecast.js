/** Card of the forecast: its text and icon, the hours it is for, the probability of rain, and the pressure tendency. */

import { define, element, PanelCard, stateIcon } from "./card.js";
import { formatDifference, formatTime } from "./formats.js";
import { HOUR } from "./statistics.js";
import { texts } from "./texts.js";

const HOURS = 12;

const STYLE = `
  ha-card { display: flex; flex-direction: column; }
  .main { flex: 1; min-height: 112px; padding: 16px; }
  .content { display: flex; align-items: center; gap: 16px; height: 100%; }
  .content > ha-icon, .content > ha-state-icon { --mdc-icon-size: clamp(56px, 20cqi, 88px); color: var(--primary-color); }
  .text { font-size: 20px; font-size: clamp(20px, 7cqi, 32px); line-height: 1.2; overflow-wrap: anywhere; }
  .hours { display: block; font-size: 14px; line-height: 20px; margin-top: 4px; }
  .facts { display: flex; border-top: 1px solid var(--divider-color); }
  .facts button { flex: 1; display: flex; align-items: center; gap: 8px; min-width: 0; padding: 8px 16px; min-height: 48px; height: auto; }
  .facts ha-state-icon { color: var(--state-icon-color, var(--secondary-text-color)); }
  .facts b { display: block; font-weight: var(--ha-font-weight-medium, 500); white-space: nowrap; }
  .facts small { display: block; font-size: 12px; line-height: 16px; }
`;

class ForecastCard extends PanelCard {
  constructor() {
    super(STYLE);
    this.content = element("span", { className: "content" });
    this.main = this.button("entity", this.content);
    this.main.className = "main";
    this.rain = this.button("rain");
    this.tendency = this.button("tendency");
    this.facts = element("div", { className: "facts" }, this.rain, this.tendency);
    this.card.append(this.main, this.facts);
  }

  entities() {
    return [this.config.entity, this.config.rain, this.config.tendency].filter(Boolean);
  }

  draw() {
    const { home } = this;
    const state = home.states[this.config.entity];
    if (!state) return;
    const text = texts(home.locale.language);
    // The station has no forecast until it has observed the pressure long enough.
    const isWaiting = state.state === "unknown";
    const icon = isWaiting ? element("ha-icon", { icon: "mdi:timer-sand" }) : stateIcon(home, state);
    const words = element("span", { className: "text" }, isWaiting ? text.firstHours : home.formatEntityState(state));
    if (state.state !== "unavailable") {
      const end = formatTime(home, Date.now() + HOURS * HOUR);
      words.append(element("span", { className: "hours secondary" }, isWaiting ? text.forecastLater : text.forecastHours(HOURS, end)));
    }
    this.content.replaceChildren(icon, words);
    const rain = this.fact(this.rain, home.states[this.config.rain], text.rainProbability);
    const tendency = this.fact(this.tendency, home.states[this.config.tendency], text.pressureTendency, true);
    this.facts.hidden = !rain && !tendency;
    this.facts.style.display = this.facts.hidden ? "none" : "";
  }

  /** Show a number on a button, and return whether there is one. */
  fact(button, state, name, isDifference = false) {
    const value = Number.parseFloat(state?.state);
    const isShown = Number.isFinite(value);
    button.style.display = isShown ? "" : "none";
    if (isShown) {
      const shown = isDifference ? formatDifference(this.home, state, value) : this.home.formatEntityState(state);
      const words = element("span", {}, element("b", {}, shown), element("small", { className: "secondary" }, name));
      button.replaceChildren(stateIcon(this.home, state), words);
    }
    return isShown;
  }
}

define("anavi-weather-forecast", ForecastCard);

/** Return the card of a station's forecast, or nothing without a barometer. */
export function forecast(station) {
  const [entity, rain, tendency] = ["forecast", "rain_probability", "pressure_tendency"].map((key) => station.get(key)?.id);
  return entity ? [{ type: "custom:anavi-weather-forecast", entity, rain, tendency }] : [];
}
