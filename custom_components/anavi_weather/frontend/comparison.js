/** The comparison of several stations, among them those of a fleet: their readings side by side, a map, and what else a fleet says. */

import { list, note, section } from "./sections.js";

const ICON = "mdi:weather-partly-cloudy";

/** The name of a station's reading, which is that of its device. */
const DEVICE_NAME = { type: "device" };

/** Readings with their icons. Those of a fleet's stations have keys of their own. */
const READINGS = [
  ["temperature", "mdi:thermometer"],
  ["humidity", "mdi:water-percent"],
  ["sea_level_pressure", "mdi:waves"],
  ["illuminance", "mdi:brightness-5"],
];

const named = ({ id }) => ({ entity: id, name: DEVICE_NAME });

/** Return the section of a reading, or nothing if fewer than two stations have it. */
function comparison([key, icon], stations, { hours, text }) {
  const found = stations.map((station) => station.get(key) ?? station.get(`fleet_${key}`)).filter(Boolean);
  if (found.length < 2) return [];
  const graph = { type: "history-graph", hours_to_show: hours, entities: found.map(named) };
  const cards = [
    { type: "entities", entities: found.map(named) },
    { ...graph, ...(key === "illuminance" && { logarithmic_scale: true }), grid_options: { columns: "full" } },
  ];
  return section(text[key], icon, cards);
}

/** Return a map of the stations with a location, which are those of a fleet, and of the home. */
function map(stations) {
  const placed = stations.flatMap(({ entities }) => entities).filter(({ state }) => "latitude" in state.attributes);
  const entities = [...placed.map(({ id }) => id), "zone.home"];
  return placed.length ? [{ type: "map", entities, theme_mode: "auto", grid_options: { columns: "full", rows: 6 } }] : [];
}

/** Return the view that compares stations, if there are several. */
export function comparisonViews(stations, options) {
  const { text } = options;
  if (stations.length < 2) return [];
  const sections = [
    ...READINGS.flatMap((reading) => comparison(reading, stations, options)),
    ...section(text.map, "mdi:map", map(stations), { column_span: 2 }),
    ...stations.filter(({ isOfFleet }) => isOfFleet).flatMap(({ name, entities }) => section(name, ICON, list(entities))),
  ];
  return [{
    type: "sections",
    title: text.comparison,
    path: "comparison",
    max_columns: 2,
    sections: sections.length ? sections : [{ type: "grid", cards: [note(text.nothingToCompare)] }],
  }];
}
