/** The weather view of a station: its forecast, readings, their past, and its state. */

import { currentWeather } from "./current.js";
import { forecast } from "./forecast.js";
import { chipIssues } from "./issues.js";
import { reading } from "./reading.js";
import { isRemote } from "./remote.js";
import { list, note, row, section } from "./sections.js";

/** Keys of readings, in display order. Readings with the same unit share a graph. */
const READINGS = ["temperature", "humidity", "sea_level_pressure", "illuminance"];
const FORECAST = ["forecast", "rain_probability", "pressure_tendency"];
const DERIVED = ["dew_point", "feels_like", "wet_bulb", "frost_point", "atmospheric_pressure", "absolute_humidity"];
const HISTORY = [["temperature", "dew_point"], ["humidity"], ["sea_level_pressure"], ["illuminance"]];
const STATISTICS = ["temperature", "humidity", "sea_level_pressure"];
/** Days with statistics that make a graph of days. */
const FEWEST_DAYS = 2;

/** Return a section of graphs, two side by side on wide screens. */
const graphs = (title, icon, cards) =>
  section(
    title,
    icon,
    cards.map((card, index) => {
      const isAlone = index === cards.length - 1 && index % 2 === 0;
      return { ...card, grid_options: { columns: isAlone ? "full" : 12 } };
    }),
    { column_span: 2 },
  );

/** Return the graphs of the last hours, or a sentence before the first hour is over. */
function history(station, hours, days, text) {
  const keys = HISTORY.map((group) => station.all(group)).filter((entities) => entities.length);
  if (keys.length && !days.size) return [note(text.firstHour)];
  return keys.map((entities) => ({
    type: "history-graph",
    hours_to_show: hours,
    entities: entities.map(row),
    // Else nothing but sunshine would be seen.
    ...(entities[0].key === "illuminance" && { logarithmic_scale: true }),
  }));
}

/** Return the graphs of the last days, or a sentence before there are two. */
function statistics(station, days, count, text) {
  const entities = station.all(STATISTICS);
  const shown = entities.filter(({ id }) => (days.get(id) ?? 0) >= FEWEST_DAYS);
  if (entities.length && !shown.length) return [note(text.firstDays)];
  return shown.map((entity) => ({
    type: "statistics-graph",
    entities: [row(entity)],
    days_to_show: count,
    period: "day",
    stat_types: ["min", "mean", "max"],
    chart_type: "line",
  }));
}

/** Return the ids of the entities whose statistics the view shows. */
export const withStatistics = (station) => station.all([...HISTORY.flat(), ...STATISTICS]).map(({ id }) => id);

/** Return a station's weather view. */
export function weatherView(station, userStations, { title, path, hours, days, counts, text }) {
  const readings = station.all(READINGS);
  const derived = station.all(DERIVED).filter((entity) => !readings.includes(entity));
  const shown = new Set([...readings, ...derived, ...station.all(FORECAST)]);
  const isOther = (entity) => !shown.has(entity) && !isRemote(entity) && entity.domain !== "weather";
  const others = station.entities.filter(isOther);
  const outlook = [...forecast(station), ...currentWeather(station)];
  const now = readings.length ? [chipIssues(station.entryId), ...readings.map(reading)] : [];
  return {
    type: "sections",
    title,
    path,
    max_columns: 3,
    dense_section_placement: true,
    sections: [
      ...section(text.forecast, "mdi:weather-partly-cloudy", [...outlook, ...list(derived)]),
      ...section(text.now, "mdi:gauge", now),
      ...graphs(text.hours(hours), "mdi:chart-line", history(station, hours, counts, text)),
      ...graphs(text.days(days), "mdi:chart-bell-curve", statistics(station, counts, days, text)),
      ...userStations.flatMap(({ name, entities }) => section(name, "mdi:database-arrow-up-outline", list(entities))),
      ...section(text.station, "mdi:raspberry-pi", list(others)),
    ],
  };
}
