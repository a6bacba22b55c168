/** The recorder's statistics of the readings. */

import { dayOf } from "./formats.js";

export const HOUR = 3_600_000; // ms
export const DAY = 24 * HOUR;

/** Return the statistics of entities by entity, in the entities' units, of the periods that start before the end. */
export async function fetchStatistics(hass, ids, period, types, start, end = Infinity) {
  const found = await hass.callWS({
    type: "recorder/statistics_during_period",
    statistic_ids: ids,
    period,
    types,
    start_time: new Date(start).toISOString(),
    ...(Number.isFinite(Number(end)) && { end_time: new Date(end).toISOString() }),
  });
  // Home Assistant adds the day that begins at the end.
  return Object.fromEntries(Object.entries(found).map(([id, rows]) => [id, rows.filter((row) => row.start < end)]));
}

/** Return an entity's statistics of the last 26 hours: of five minutes, and before these of hours. */
export async function fetchLastDay(hass, id, now) {
  const types = ["mean", "min", "max"];
  const periods = ["hour", "5minute"];
  const all = await Promise.all(periods.map((period) => fetchStatistics(hass, [id], period, types, now - DAY - 2 * HOUR)));
  const [hours, minutes] = all.map((found) => (found[id] ?? []).filter(({ mean }) => mean !== null));
  const begin = minutes[0]?.start ?? now;
  const earlier = hours.filter(({ start }) => start < begin).map((row) => ({ ...row, end: Math.min(row.end, begin) }));
  return [...earlier, ...minutes];
}

/** Return the lowest and highest value of today with their times, of the statistics and of what was seen since, if there are statistics. */
export function extremesOfToday(hass, rows, seen, now) {
  const today = dayOf(hass, now);
  const isOfToday = ({ start }) => dayOf(hass, start) === today;
  if (!rows.some(isOfToday)) return null;
  const all = [...rows, ...seen].filter(isOfToday);
  const lowest = all.reduce((one, other) => (other.min < one.min ? other : one));
  const highest = all.reduce((one, other) => (other.max > one.max ? other : one));
  return { min: lowest.min, minAt: lowest.start, max: highest.max, maxAt: highest.start };
}

/** Return the value at this time yesterday, or null if it is unknown. Each mean is that of the middle of its period. */
export function valueYesterday(rows, now) {
  const time = now - DAY;
  if (!rows.some(({ start, end }) => start <= time && time < end)) return null;
  const middle = ({ start, end }) => (start + end) / 2;
  const earlier = rows.findLast((row) => middle(row) <= time);
  const later = rows.find((row) => middle(row) > time);
  if (!earlier || !later) return (earlier ?? later).mean;
  const part = (time - middle(earlier)) / (middle(later) - middle(earlier));
  return earlier.mean + part * (later.mean - earlier.mean);
}

/** Return an entity's lowest and highest value of a period, each null if there are no statistics. */
export async function fetchExtremes(hass, id, start, end) {
  const { min = null, max = null } = await hass.callWS({
    type: "recorder/statistic_during_period",
    statistic_id: id,
    types: ["min", "max"],
    fixed_period: { start_time: new Date(start).toISOString(), end_time: new Date(end).toISOString() },
  });
  return { min, max };
}

/** Return the hour in which an extreme of a period of whole hours was first reached, found by halving the period. */
export async function findHour(hass, { id, type, value, start, end }) {
  let [from, to] = [start, end];
  while (to - from > HOUR) {
    const middle = from + Math.ceil((to - from) / HOUR / 2) * HOUR;
    const earlier = await fetchExtremes(hass, id, from, middle);
    if (earlier[type] === value) to = middle;
    else from = middle;
  }
  return from;
}
