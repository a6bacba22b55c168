/** Card of a reading: its value, its extremes of today, the difference from yesterday, and the trend of the last day. */

import { define, element, PanelCard, stateIcon } from "./card.js";
import { formatDifference, formatTime, formatValue } from "./formats.js";
import { brightness, lightLevel, logarithm } from "./light.js";
import { ENTITY_NAME } from "./names.js";
import { DAY, extremesOfToday, fetchLastDay, valueYesterday } from "./statistics.js";
import { texts } from "./texts.js";
import { trend } from "./trend.js";

const LIGHT = "illuminance";

/** The color of each reading's graph. */
const COLORS = {
  temperature: "deep-orange",
  humidity: "blue",
  atmospheric_pressure: "teal",
  sea_level_pressure: "teal",
  illuminance: "amber",
};

const STYLE = `
  button { display: flex; flex-direction: column; padding-bottom: 0; }
  .name { display: flex; align-items: center; gap: 8px; min-height: 24px; line-height: 1.2; }
  .name ha-state-icon { color: var(--reading-color); }
  .value { font-size: 24px; font-size: clamp(24px, 13cqi, 40px); line-height: 1.25; white-space: nowrap; padding: 4px 0; }
  .facts { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; font-size: 12px; font-size: clamp(11.5px, 8cqi, 13px); line-height: 20px; }
  .facts span { white-space: nowrap; }
  .number { text-align: end; font-variant-numeric: tabular-nums; }
  .time { display: none; }
  .wait { font-size: 13px; line-height: 18px; padding-bottom: 12px; }
  .graph { flex: 1; display: flex; align-items: end; margin: 8px -12px 0; min-height: 44px; }
  svg { width: 100%; height: 44px; display: block; }
  polyline { fill: none; stroke: var(--reading-color); stroke-width: 2; vector-effect: non-scaling-stroke; }
  polygon { fill: var(--reading-color); opacity: 0.2; }
  .scale { height: 8px; border-radius: 4px; margin: 2px 0 6px; position: relative;
    background: linear-gradient(90deg, #1a237e, #5c6bc0 40%, #ffca28 75%, #ff8f00); }
  .scale span { position: absolute; top: -3px; width: 4px; height: 14px; margin-inline-start: -2px; border-radius: 2px;
    background: var(--primary-text-color); box-shadow: 0 0 0 2px var(--ha-card-background, var(--card-background-color, white)); }
  @container (min-width: 210px) { .time { display: inline; margin-inline-end: 8px; } }
`;

/** Return where a light is on the scale from night to sunlight. */
function lightScale(lux) {
  const marker = element("span");
  marker.style.insetInlineStart = `${100 * brightness(lux)}%`;
  return element("span", { className: "scale", ariaHidden: "true" }, marker);
}

/** Return the name and the value of a fact. */
const fact = (name, ...value) => [element("span", {}, name), element("span", { className: "number" }, ...value)];

class ReadingCard extends PanelCard {
  rows = [];
  /** Values that the statistics may not have yet. */
  seen = [];

  constructor() {
    super(STYLE);
    this.content = this.button("entity");
    this.card.append(this.content);
  }

  setConfig(config) {
    super.setConfig(config);
    this.style.setProperty("--reading-color", `var(--${COLORS[config.reading]}-color)`);
  }

  getGridOptions() {
    return { columns: 6, rows: "auto", min_columns: 6 };
  }

  async load() {
    this.unit = this.home.states[this.config.entity]?.attributes.unit_of_measurement;
    try {
      this.rows = await fetchLastDay(this.home, this.config.entity, Date.now());
    } catch (error) {
      console.warn("anavi_weather: cannot read the statistics:", error);
    }
    const end = this.rows.at(-1)?.end ?? 0;
    this.seen = this.seen.filter(({ start }) => start >= end);
    this.draw();
  }

  draw() {
    const { home } = this;
    const state = home.states[this.config.entity];
    if (!state) return;
    // The statistics are in the unit that the entity had when they were fetched.
    if ((this.rows.length || this.seen.length) && this.unit !== state.attributes.unit_of_measurement) {
      this.rows = [];
      this.seen = [];
      this.load();
    }
    const isLight = this.config.reading === LIGHT;
    const value = Number.parseFloat(state.state);
    const hasValue = Number.isFinite(value);
    this.content.replaceChildren(
      element("span", { className: "name" }, stateIcon(home, state), element("span", {}, home.formatEntityName(state, ENTITY_NAME))),
      element("span", { className: "value" }, home.formatEntityState(state)),
      ...(isLight && hasValue ? [lightScale(value)] : []),
      ...this.details(state, value, isLight),
    );
  }

  /** Return the extremes, the difference or the level of light, and the trend; or a sentence while there are none. */
  details(state, value, isLight) {
    const { home, rows } = this;
    const text = texts(home.locale.language);
    const now = Date.now();
    if (Number.isFinite(value)) this.seen.push({ min: value, max: value, start: now });
    if (!rows.length) return [element("span", { className: "secondary wait" }, text.firstMinutes)];
    const extremes = extremesOfToday(home, rows, this.seen, now);
    const extreme = (name, number, time) => {
      if (!extremes) return fact(name, text.notYet); // in the first minutes of a day
      const at = element("span", { className: "time" }, formatTime(home, time));
      return fact(name, at, formatValue(home, state, number));
    };
    const facts = element(
      "span",
      { className: "facts secondary" },
      // The minimum of each day's light is that of its night.
      ...(isLight ? [] : extreme(text.minimum, extremes?.min, extremes?.minAt)),
      ...extreme(text.maximum, extremes?.max, extremes?.maxAt),
      ...(isLight ? this.level(value, text) : this.difference(state, value, now, text)),
    );
    const graph = trend(this.withPresent(value, now), now - DAY, now, isLight ? logarithm : undefined);
    return [facts, element("span", { className: "graph" }, graph)];
  }

  /** Return the statistics and the present value, which the recorder summarizes later. */
  withPresent(value, now) {
    return Number.isFinite(value) ? [...this.rows, { start: now, end: now, mean: value }] : this.rows;
  }

  level(value, text) {
    return Number.isFinite(value) ? fact(text.light, text[lightLevel(value)]) : [];
  }

  difference(state, value, now, text) {
    if (!Number.isFinite(value)) return [];
    const yesterday = valueYesterday(this.rows, now);
    const known = yesterday !== null;
    return fact(text.sinceYesterday, known ? formatDifference(this.home, state, value - yesterday) : text.notYet);
  }
}

define("anavi-weather-reading", ReadingCard);

/** Return the card of a reading. */
export const reading = ({ id, key }) => ({ type: "custom:anavi-weather-reading", entity: id, reading: key });
