/** Numbers, times and dates in the user's language, units and time zone. */

const HOUR_CYCLES = { 12: "h12", 24: "h23" };

/** Return the time zone in which the user wants to see times: that of Home Assistant, or the browser's. */
const timeZone = (hass) => (hass.locale.time_zone === "server" ? hass.config.time_zone : undefined);

const formatter = (hass, options) =>
  new Intl.DateTimeFormat(hass.locale.language, {
    timeZone: timeZone(hass),
    hourCycle: options.hour && HOUR_CYCLES[hass.locale.time_format],
    ...options,
  });

/** Return a time of day. */
export const formatTime = (hass, time) => formatter(hass, { hour: "numeric", minute: "2-digit" }).format(time);

/** Return a day with its year and the hour that begins then. */
export const formatHour = (hass, time) =>
  formatter(hass, { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }).format(time);

/** Return a day of the statistics with its weekday. The recorder's days are those of Home Assistant's time zone. */
export const formatDay = (hass, time) =>
  formatter(hass, { weekday: "short", day: "numeric", timeZone: hass.config.time_zone }).format(time);

/** Return a month of the statistics with its year. */
export function formatMonth(hass, time) {
  const month = formatter(hass, { year: "numeric", month: "long", timeZone: hass.config.time_zone }).format(time);
  return month[0].toUpperCase() + month.slice(1);
}

/** Return the time that a clock in a time zone shows, as if it were UTC. */
function clock(zone, time) {
  const options = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", hourCycle: "h23" };
  const parts = new Intl.DateTimeFormat("en", { ...options, timeZone: zone }).formatToParts(time);
  const [year, month, day, hour, minute] = ["year", "month", "day", "hour", "minute"].map((name) =>
    Number(parts.find(({ type }) => type === name).value),
  );
  return Date.UTC(year, month - 1, day, hour, minute);
}

/** Return the first moment of the month that lies some months before a time, in Home Assistant's time zone. */
export function monthBegin(hass, time, before) {
  const zone = hass.config.time_zone;
  const today = new Date(clock(zone, time));
  const midnight = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - before, 1);
  // The offset of that month, which daylight saving time may have changed since.
  return midnight - (clock(zone, midnight) - midnight);
}

/** Return the day of a time, which differs between days only. */
export const dayOf = (hass, time) => formatter(hass, { year: "numeric", month: "numeric", day: "numeric" }).format(time);

/** Return a number with an entity's unit and precision. */
export const formatValue = (hass, state, value) => hass.formatEntityState(state, String(value));

/** Return a number with an entity's precision. */
export const formatNumber = (hass, state, value) =>
  formatValue(hass, state, value).replace(state.attributes.unit_of_measurement, "").trim();

/** Return a difference with its sign, if it is not zero in the entity's precision. */
export function formatDifference(hass, state, value) {
  const size = formatValue(hass, state, Math.abs(value));
  if (size === formatValue(hass, state, 0)) return size;
  return (value > 0 ? "+" : "−") + size;
}
