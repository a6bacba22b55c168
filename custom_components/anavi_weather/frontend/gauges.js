/** Gauge cards: the range and color segments of each reading. */

import { ENTITY_NAME } from "./names.js";

/** Scales by the reading's key, in °C, %, hPa and lx. */
const SCALES = {
  temperature: { min: -10, max: 50, colors: [[-10, "blue"], [3, "light-blue"], [16, "green"], [28, "amber"], [36, "red"]] },
  // INMET, Brazil's weather service, warns below 30 % and below 20 %.
  humidity: { min: 0, max: 100, colors: [[0, "red"], [20, "amber"], [30, "green"], [70, "light-blue"], [90, "blue"]] },
  // One color: station pressure depends on altitude, so only sea-level pressure can be called high or low.
  atmospheric_pressure: { min: 600, max: 1080, colors: [[600, "light-blue"]] },
  sea_level_pressure: { min: 970, max: 1050, colors: [[970, "red"], [990, "amber"], [1005, "green"], [1025, "light-blue"]] },
  illuminance: { min: 0, max: 120000, colors: [[0, "indigo"], [10000, "light-blue"], [30000, "amber"], [80000, "orange"]] },
};

/** Conversions from °C or hPa to the units that users can select for the entity. */
const UNITS = {
  "°F": (celsius) => celsius * 1.8 + 32,
  K: (celsius) => celsius + 273.15,
  Pa: (hectopascal) => hectopascal * 100,
  kPa: (hectopascal) => hectopascal / 10,
  bar: (hectopascal) => hectopascal / 1000,
  cbar: (hectopascal) => hectopascal / 10,
  mPa: (hectopascal) => hectopascal * 100000,
  inHg: (hectopascal) => hectopascal / 33.86389,
  mmHg: (hectopascal) => hectopascal / 1.333224,
  "inH₂O": (hectopascal) => hectopascal / 2.490889,
  psi: (hectopascal) => hectopascal / 68.94757,
  atm: (hectopascal) => hectopascal / 1013.25,
};

const NOT_A_NUMBER = ["unavailable", "unknown"];

/** Return the cards of a reading: a gauge, or a tile while the state is not a number, which a gauge shows as a warning. */
export function gauge(entity) {
  const { min, max, colors } = SCALES[entity.key];
  const convert = UNITS[entity.state.attributes.unit_of_measurement] ?? ((number) => number);
  const common = { entity: entity.id, name: ENTITY_NAME, grid_options: { columns: 6 } };
  return [
    {
      type: "gauge",
      ...common,
      min: convert(min),
      max: convert(max),
      needle: true,
      segments: colors.map(([from, color]) => ({ from: convert(from), color: `var(--${color}-color)` })),
      visibility: [{ condition: "state", entity: entity.id, state_not: NOT_A_NUMBER }],
    },
    { type: "tile", ...common, vertical: true, visibility: [{ condition: "state", entity: entity.id, state: NOT_A_NUMBER }] },
  ];
}
