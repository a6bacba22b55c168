/**
 * Dashboard strategy of the weather panel: finds the stations and their entities, and shows them in Home Assistant's cards.
 *
 * The configuration is `strategy: {type: "custom:anavi-weather"}`. Optional `hours` and `days` set the period of the graphs.
 */

import { findDevices, ours } from "./devices.js";
import { remoteViews } from "./remote.js";
import { section } from "./sections.js";
import { texts } from "./texts.js";
import { weatherView } from "./weather.js";

const TYPE = "anavi-weather";
const ICON = "mdi:weather-partly-cloudy";
const HOURS = 24;
const DAYS = 30;
const REGISTRIES = ["entities", "devices", "localize"];
const ADD_STATION = "/config/integrations/integration/anavi_weather";

/** Return a station's views. With several stations, their names are in the titles of the tabs. */
async function stationViews(hass, station, devices, isOnly, { hours, days, text }) {
  const path = station.entryId.toLowerCase();
  const infrared = devices.filter((device) => device.isInfrared);
  const others = devices.filter((device) => !device.isInfrared);
  const weatherTitle = isOnly ? text.weather : station.name;
  const remoteTitle = isOnly ? text.remote : `${station.name}: ${text.remote}`;
  return [
    weatherView(station, others, { title: weatherTitle, path, hours, days, text }),
    ...(await remoteViews(hass, station, infrared, { title: remoteTitle, path, text })),
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
  /** Return the suggestion for a new dashboard. */
  static getCreateSuggestions(hass) {
    return { title: texts(hass.locale.language).title, icon: ICON };
  }

  /** Return whether an entity was added or removed, or the language changed. */
  static shouldRegenerate(config, before, after) {
    return (
      REGISTRIES.some((key) => before[key] !== after[key]) ||
      (before.states !== after.states &&
        ours(after).some(({ entity_id: id }) => (id in before.states) !== (id in after.states)))
    );
  }

  /** Return the dashboard. */
  static async generate({ hours = HOURS, days = DAYS }, hass) {
    const text = texts(hass.locale.language);
    const devices = findDevices(hass);
    const stations = devices.filter((device) => device.isStation);
    const views = await Promise.all(
      stations.map((station) => {
        const others = devices.filter((other) => !other.isStation && other.entryId === station.entryId);
        return stationViews(hass, station, others, stations.length === 1, { hours, days, text });
      }),
    );
    return { title: text.title, views: views.length ? views.flat() : [empty(text)] };
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
