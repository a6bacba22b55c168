/** The records view of a station: its records, and the days of this month and the last one. */

import { findDevices } from "./devices.js";
import { formatDay, formatMonth, formatNumber, formatValue, monthBegin } from "./formats.js";
import { note, section } from "./sections.js";
import { fetchExtremes, fetchStatistics, HOUR } from "./statistics.js";
import { dayTable, recordList } from "./tables.js";
import { texts } from "./texts.js";

const TYPE = "anavi-weather-records";
const ICON = "mdi:trophy-outline";
/** Home Assistant has long-term statistics since then. */
const BEGINNING = Date.UTC(2021, 0);

/** Readings with the texts and icons of their extremes. */
const RECORDS = [
  ["temperature", "max", "warmest", "mdi:thermometer-high"],
  ["temperature", "min", "coldest", "mdi:thermometer-low"],
  ["humidity", "max", "mostHumid", "mdi:water-percent"],
  ["humidity", "min", "driest", "mdi:water-off"],
  ["sea_level_pressure", "max", "highestPressure", "mdi:arrow-up-bold-circle-outline"],
  ["sea_level_pressure", "min", "lowestPressure", "mdi:arrow-down-bold-circle-outline"],
  ["illuminance", "max", "brightest", "mdi:brightness-7"],
];
const READINGS = ["temperature", "humidity", "sea_level_pressure", "illuminance"];

/** Columns of the table of days: the reading, the statistic and the key of the title. */
const COLUMNS = [
  ["temperature", "min", "coldest"],
  ["temperature", "max", "warmest"],
  ["humidity", "mean", "humidity"],
  ["sea_level_pressure", "mean", "pressure"],
];

/** Return a list of the extremes of readings in a period, or nothing if there are none. The list finds their hours, which takes seconds. */
async function extremes(hass, station, start, end, text) {
  const found = new Map();
  await Promise.all(
    station.all(READINGS).map(async (entity) => found.set(entity, await fetchExtremes(hass, entity.id, start, end))),
  );
  const rows = RECORDS.flatMap(([key, type, name, icon]) => {
    const [entity] = station.all([key]);
    const extreme = (entity && found.get(entity)?.[type]) ?? null;
    if (extreme === null) return [];
    const value = formatValue(hass, entity.state, extreme);
    return [{ icon, name: text[name], value, extreme: { id: entity.id, type, value: extreme, start, end } }];
  });
  return rows.length ? [recordList(rows)] : [];
}

/** Return a table of the days of a period, the newest first, or nothing if there are none. */
async function daily(hass, station, start, end, text) {
  const columns = COLUMNS.map(([key, type, name]) => ({ entity: station.all([key])[0], type, name })).filter(({ entity }) => entity);
  if (!columns.length) return [];
  const ids = [...new Set(columns.map(({ entity }) => entity.id))];
  const found = await fetchStatistics(hass, ids, "day", ["min", "mean", "max"], start, end);
  const days = new Map();
  for (const { entity, type, name } of columns) {
    for (const row of found[entity.id] ?? []) {
      if (!days.has(row.start)) days.set(row.start, {});
      days.get(row.start)[name] = row[type] === null ? "" : formatNumber(hass, entity.state, row[type]);
    }
  }
  const unit = ({ entity }) => entity.state.attributes.unit_of_measurement;
  const titles = [text.day, ...columns.map((column) => `${text[column.name]} (${unit(column)})`)];
  const rows = [...days].sort(([one], [other]) => other - one);
  const cells = rows.map(([start, values]) => [formatDay(hass, start), ...columns.map(({ name }) => values[name] ?? "")]);
  return cells.length ? [dayTable(titles, cells)] : [];
}

/** Return the sections of a station's records. */
async function sections(hass, station, text) {
  const now = Date.now();
  const nextHour = Math.ceil(now / HOUR) * HOUR;
  const [begin, before] = [0, 1].map((months) => monthBegin(hass, now, months));
  const [records, month, days, lastMonth, lastDays] = await Promise.all([
    extremes(hass, station, BEGINNING, nextHour, text),
    extremes(hass, station, begin, nextHour, text),
    daily(hass, station, begin, nextHour, text),
    extremes(hass, station, before, begin, text),
    daily(hass, station, before, begin, text),
  ]);
  if (!records.length) return section(text.records, ICON, [note(text.firstRecords)]);
  return [
    ...section(text.records, ICON, records),
    ...section(formatMonth(hass, begin), "mdi:calendar-month", [...month, ...days]),
    ...section(formatMonth(hass, before), "mdi:calendar-month-outline", [...lastMonth, ...lastDays]),
  ];
}

/** The strategy of the view, which fetches nothing before the view is opened. */
class RecordsView extends HTMLElement {
  static async generate({ entry }, hass) {
    const text = texts(hass.locale.language);
    const station = findDevices(hass).find((device) => device.isStation && device.entryId === entry);
    const view = { type: "sections", max_columns: 3, sections: [] };
    try {
      return { ...view, sections: station ? await sections(hass, station, text) : [] };
    } catch (error) {
      console.warn("anavi_weather: cannot read the statistics:", error);
      return { ...view, sections: section(text.records, ICON, [note(text.noStatistics)]) };
    }
  }
}

if (!customElements.get(`ll-strategy-view-${TYPE}`)) customElements.define(`ll-strategy-view-${TYPE}`, RecordsView);

/** Return the records view of a station with readings. */
export const recordsViews = (station, { title, path }) =>
  station.all(READINGS).length
    ? [{ title, path: `${path}-records`, strategy: { type: `custom:${TYPE}`, entry: station.entryId } }]
    : [];
