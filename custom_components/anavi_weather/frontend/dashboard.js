/**
 * Dashboard strategy of the weather panel: finds the stations and their entities, and shows them in Home Assistant's cards.
 *
 * The configuration is `strategy: {type: "custom:anavi-weather"}`. Optional `hours` and `days` set the period of the graphs.
 */

import { comparisonViews } from "./comparison.js";
import { findDevices, ours } from "./devices.js";
import { recordsViews } from "./records.js";
import { remoteViews } from "./remote.js";
import { note, section } from "./sections.js";
import { DAY, fetchStatistics, HOUR } from "./statistics.js";
import { texts } from "./texts.js";
import { weatherView, withStatistics } from "./weather.js";

const TYPE = "anavi-weather";
const ICON = "mdi:weather-partly-cloudy";
const HOURS = 24;
const DAYS = 30;
/** The recorder's time for the statistics of an hour, in ms. */
const STATISTICS_TAKE = 60_000;
const REGISTRIES = ["entities", "devices", "localize"];
const ADD_STATION = "/config/integrations/integration/anavi_weather";

/** Return how many of the last days entities have statistics of, by entity. */
async function countDays(hass, ids, days) {
  try {
    if (!ids.length) return new Map();
    const found = await fetchStatistics(hass, ids, "day", ["mean"], Date.now() - days * DAY);
    return new Map(Object.entries(found).map(([id, rows]) => [id, rows.length]).filter(([, count]) => count));
  } catch (error) {
    console.warn("anavi_weather: cannot read the statistics:", error);
    return new Map(ids.map((id) => [id, days]));
  }
}

/** Return a view with links to others in the heading of its first section. */
function linked(view, others) {
  if (!view.sections.length) return view;
  const [{ cards: [title, ...cards], ...options }, ...rest] = view.sections;
  const badges = others.map(({ title: text, path }) => ({
    type: "button",
    text,
    tap_action: { action: "navigate", navigation_path: path },
  }));
  return { ...view, sections: [{ ...options, cards: [{ ...title, badges }, ...cards] }, ...rest] };
}

/** Return the views of one of several stations: one with its name, which links to its others. */
function amongOthers(station, [weather, ...others]) {
  const linkable = others.filter(({ subview }) => !subview);
  const named = others.map((view) =>
    linkable.includes(view) ? { ...view, title: `${station.name}: ${view.title}`, subview: true } : view,
  );
  return [{ ...linked(weather, linkable), title: station.name }, ...named];
}

/** Return the views of a station's remote control, or a sentence if it cannot be read, which keeps nobody from the weather. */
async function remote(hass, station, devices, options) {
  try {
    return await remoteViews(hass, station, devices, options);
  } catch (error) {
    console.warn("anavi_weather: cannot read the remote control:", error);
    const { title, path, text } = options;
    return [{ type: "sections", title, path: `${path}-remote`, sections: [{ type: "grid", cards: [note(text.noRemote)] }] }];
  }
}

/** Return the views of a station: the weather, the remote control with its subviews, and the records. */
async function stationViews(hass, station, devices, { hours, days, text }) {
  const counts = await countDays(hass, withStatistics(station), days);
  const path = station.entryId.toLowerCase();
  const infrared = devices.filter((device) => device.isInfrared);
  const others = devices.filter((device) => !device.isInfrared && !device.isOfFleet);
  return [
    weatherView(station, others, { title: text.weather, path, hours, days, counts, text }),
    ...(await remote(hass, station, infrared, { title: text.remote, path, text })),
    ...recordsViews(station, { title: text.records, path }),
  ];
}

/** Return the view shown while no station exists. */
function empty(text) {
  const button = {
    type: "button",
    name: text.addStation,
    icon: "mdi:plus",
    tap_action: { action: "navigate", navigation_path: ADD_STATION },
    grid_options: { columns: 12, rows: 2 },
  };
  return { type: "sections", title: text.title, sections: section(text.noStation, ICON, [button]) };
}

class WeatherPanel extends HTMLElement {
  /** When the panel is generated again, because more of the past is known. */
  static due = Infinity;

  /** Return the suggestion for a new dashboard. */
  static getCreateSuggestions(hass) {
    return { title: texts(hass.locale.language).title, icon: ICON };
  }

  /** Return whether an entity was added or removed, the language changed, or another hour has statistics. */
  static shouldRegenerate(config, before, after) {
    return (
      Date.now() > WeatherPanel.due ||
      REGISTRIES.some((key) => before[key] !== after[key]) ||
      (before.states !== after.states &&
        ours(after).some(({ entity_id: id }) => (id in before.states) !== (id in after.states)))
    );
  }

  /** Return the dashboard. */
  static async generate({ hours = HOURS, days = DAYS }, hass) {
    WeatherPanel.due = (Math.floor(Date.now() / HOUR) + 1) * HOUR + STATISTICS_TAKE;
    const text = texts(hass.locale.language);
    const devices = findDevices(hass);
    const stations = devices.filter((device) => device.isStation);
    const views = await Promise.all(
      stations.map(async (station) => {
        const others = devices.filter((other) => !other.isStation && other.entryId === station.entryId);
        const found = await stationViews(hass, station, others, { hours, days, text });
        return stations.length > 1 ? amongOthers(station, found) : found;
      }),
    );
    const compared = comparisonViews(devices.filter(({ isStation, isOfFleet }) => isStation || isOfFleet), { hours, text });
    // A user of several stations sees all of them first.
    const all = stations.length > 1 ? [...compared, ...views.flat()] : [...views.flat(), ...compared];
    return { title: text.title, views: views.length ? all : [empty(text)] };
  }
}

const element = `ll-strategy-dashboard-${TYPE}`;
if (!customElements.get(element)) {
  customElements.define(element, WeatherPanel);
  // Lists the panel among the community dashboards. The language is unknown until the page is loaded.
  const text = () => texts(document.documentElement.lang);
  (window.customStrategies ??= []).push({
    type: TYPE,
    strategyType: "dashboard",
    get name() {
      return text().title;
    },
    get description() {
      return text().description;
    },
    documentationURL: "https://github.com/anavi-weather/anavi_weather",
  });
}
