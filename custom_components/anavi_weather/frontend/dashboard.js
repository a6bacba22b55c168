/**
 * Dashboard strategy of the weather panel: finds the stations and their entities, and shows them in Home Assistant's cards.
 *
 * The configuration is `strategy: {type: "custom:anavi-weather"}`. Optional `hours` and `days` set the period of the graphs.
 */

import { comparisonViews } from "./comparison.js";
import { findDevices, ours } from "./devices.js";
import { recordsViews } from "./records.js";
import { remoteViews } from "./remote.js";
import { section } from "./sections.js";
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

/** Return a station's views. With several stations, their names are in the titles of the tabs. */
async function stationViews(hass, station, devices, isOnly, { hours, days, text }) {
  const counts = await countDays(hass, withStatistics(station), days);
  const path = station.entryId.toLowerCase();
  const infrared = devices.filter((device) => device.isInfrared);
  const others = devices.filter((device) => !device.isInfrared);
  const titled = (title) => (isOnly ? title : `${station.name}: ${title}`);
  const weatherTitle = isOnly ? text.weather : station.name;
  return [
    weatherView(station, others, { title: weatherTitle, path, hours, days, counts, text }),
    ...(await remoteViews(hass, station, infrared, { title: titled(text.remote), path, text })),
    ...recordsViews(station, { title: titled(text.records), path }),
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
      stations.map((station) => {
        const others = devices.filter((other) => !other.isStation && other.entryId === station.entryId);
        return stationViews(hass, station, others, stations.length === 1, { hours, days, text });
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
