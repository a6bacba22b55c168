/** The weather view of a station: its readings, their past, and its state. */

import { gauge } from "./gauges.js";
import { ENTITY_NAME } from "./names.js";
import { list, row, section } from "./sections.js";

/** Keys of readings, in display order. Readings with the same unit share a graph. */
const GAUGES = ["temperature", "humidity", "sea_level_pressure", "illuminance"];
const TILES = ["forecast", "rain_probability", "pressure_tendency", "dew_point", "feels_like", "wet_bulb", "frost_point", "atmospheric_pressure", "absolute_humidity"];
const HISTORY = [["temperature", "dew_point"], ["humidity"], ["sea_level_pressure"], ["illuminance"]];
const STATISTICS = ["temperature", "humidity", "sea_level_pressure"];
/** Domains shown in the remote view. */
const REMOTE_DOMAINS = ["event", "remote"];

/** Return a section of graphs, two side by side on wide screens. */
const graphs = (title, icon, cards) =>
  section(
    title,
    icon,
    cards.map((card, index) => {
      const alone = index === cards.length - 1 && index % 2 === 0;
      return { ...card, grid_options: { columns: alone ? "full" : 12 } };
    }),
    { column_span: 2 },
  );

/** Return the cards of the current readings. */
function now(station, gauges) {
  const tiles = station.all(TILES).filter((entity) => !gauges.includes(entity));
  return [
    ...gauges.flatMap(gauge),
    ...tiles.map(({ id }) => ({ type: "tile", entity: id, name: ENTITY_NAME, grid_options: { columns: 12 } })),
  ];
}

const history = (station, hours) =>
  HISTORY.map((keys) => station.all(keys))
    .filter((entities) => entities.length)
    .map((entities) => ({ type: "history-graph", hours_to_show: hours, entities: entities.map(row) }));

const statistics = (station, days) =>
  station.all(STATISTICS).map((entity) => ({
    type: "statistics-graph",
    entities: [row(entity)],
    days_to_show: days,
    period: "day",
    stat_types: ["min", "mean", "max"],
    chart_type: "line",
  }));

/** Return a map of the entities with a location, which are those of a fleet's stations, and of the home. */
function map(devices) {
  const placed = devices.flatMap(({ entities }) => entities).filter(({ state }) => "latitude" in state.attributes);
  const entities = [...placed.map(({ id }) => id), "zone.home"];
  return placed.length ? [{ type: "map", entities, theme_mode: "auto", grid_options: { columns: "full", rows: 6 } }] : [];
}

/** Return a station's weather view. */
export function weatherView(station, userStations, { title, path, hours, days, text }) {
  const gauges = station.all(GAUGES);
  const shown = new Set([...gauges, ...station.all([...TILES, ...STATISTICS])]);
  const others = station.entities.filter((entity) => !shown.has(entity) && (entity.category || !REMOTE_DOMAINS.includes(entity.domain)));
  return {
    type: "sections",
    title,
    path,
    max_columns: 3,
    dense_section_placement: true,
    sections: [
      ...section(text.now, "mdi:gauge", now(station, gauges)),
      ...graphs(text.hours(hours), "mdi:chart-line", history(station, hours)),
      ...graphs(text.days(days), "mdi:chart-bell-curve", statistics(station, days)),
      ...section(text.map, "mdi:map", map(userStations), { column_span: 2 }),
      ...userStations.flatMap(({ name, entities }) => section(name, "mdi:database-arrow-up-outline", list(entities))),
      ...section(text.station, "mdi:raspberry-pi", list(others)),
    ],
  };
}
