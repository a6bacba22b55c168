/**
 * The weather panel: a dashboard that finds the stations and what each of them has, made of Home Assistant's own cards.
 *
 * Its whole configuration is `strategy: {type: "custom:anavi-weather"}`; `hours` and `days` change how far the graphs go back.
 */

import { gauge } from "./gauges.js";
import { ENTITY_NAME, heading } from "./names.js";
import { listCommands, remoteControl } from "./remote.js";
import { texts } from "./texts.js";

const PLATFORM = "anavi_weather";
const TYPE = "anavi-weather";
const ICON = "mdi:weather-partly-cloudy";
const HOURS = 24;
const DAYS = 30;
const REGISTRIES = ["entities", "devices", "localize"];

/** Readings by key, in the order in which they are shown. Graphs of one unit are drawn together. */
const GAUGES = ["temperature", "humidity", "sea_level_pressure", "illuminance"];
const TILES = ["forecast", "pressure_tendency", "dew_point", "atmospheric_pressure", "absolute_humidity"];
const HISTORY = [["temperature", "dew_point"], ["humidity"], ["sea_level_pressure"], ["illuminance"]];
const STATISTICS = ["temperature", "humidity", "sea_level_pressure"];
const INSTEAD = { sea_level_pressure: "atmospheric_pressure" };
/** Shown in the section of the remote control. */
const REMOTE_DOMAINS = ["event", "remote"];

/** A device of the integration with its entities: a station, or one of the user stations that it sends to. */
class Device {
  constructor(device) {
    this.device = device;
    this.entryId = device.config_entry_id ?? device.primary_config_entry;
    this.name = device.name_by_user || device.name || "ANAVI Weather";
    this.isStation = device.identifiers.some(([domain, id]) => domain === PLATFORM && id === this.entryId);
    this.entities = [];
  }

  /** Return a main entity by its key. */
  get(key) {
    return key && this.entities.find((entity) => entity.key === key && !entity.category);
  }

  /** Return the main entities of keys, or of those that stand in for them. */
  all(keys) {
    return keys.map((key) => this.get(key) ?? this.get(INSTEAD[key])).filter(Boolean);
  }
}

/** Return those of the integration's entities that are enabled, visible and have a state. */
const ours = (hass) => Object.values(hass.entities).filter((entry) => entry.platform === PLATFORM && !entry.hidden);

/** Return the integration's devices that have entities. */
function findDevices(hass) {
  const devices = new Map();
  for (const { entity_id: id, device_id: deviceId, entity_category: category, translation_key: key } of ours(hass)) {
    const device = hass.devices[deviceId];
    const state = hass.states[id];
    if (!device || !state) continue;
    if (!devices.has(deviceId)) devices.set(deviceId, new Device(device));
    const entity = { id, category, state, domain: id.split(".")[0], key: key ?? state.attributes.device_class };
    devices.get(deviceId).entities.push(entity);
  }
  return [...devices.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** Return a section with a heading, or nothing where there is nothing below it. */
const section = (title, icon, cards, options = {}) =>
  cards.length ? [{ type: "grid", cards: [heading(title, icon), ...cards], ...options }] : [];

/** Return a section of graphs, two of them side by side where there is room. */
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

const row = ({ id }) => ({ entity: id, name: ENTITY_NAME });

const list = (entities) => (entities.length ? [{ type: "entities", entities: entities.map(row) }] : []);

/** Return the readings now. */
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

/** Return a station's view, and the pages of its remote control's devices. */
async function views(hass, station, title, userStations, { hours, days }) {
  const text = texts(hass.locale.language);
  const path = station.entryId.toLowerCase();
  const gauges = station.all(GAUGES);
  const remote = station.entities.some(({ domain }) => domain === "remote");
  const commands = remote ? await listCommands(hass, station.entryId) : null;
  const { cards, pages } = remoteControl(hass, station, commands, path, text);
  const shown = new Set([...gauges, ...station.all([...TILES, ...STATISTICS])]);
  const others = station.entities.filter((entity) => !shown.has(entity) && (entity.category || !REMOTE_DOMAINS.includes(entity.domain)));
  const view = {
    type: "sections",
    title,
    path,
    max_columns: 3,
    dense_section_placement: true,
    sections: [
      ...section(text.now, "mdi:gauge", now(station, gauges)),
      ...graphs(text.hours(hours), "mdi:chart-line", history(station, hours)),
      ...section(text.remote, "mdi:remote", cards),
      ...graphs(text.days(days), "mdi:chart-bell-curve", statistics(station, days)),
      ...userStations.flatMap(({ name, entities }) => section(name, "mdi:database-arrow-up-outline", list(entities))),
      ...section(text.station, "mdi:raspberry-pi", list(others)),
    ],
  };
  return [view, ...pages];
}

/** Return the view that is shown as long as there is no station. */
function empty(hass) {
  const text = texts(hass.locale.language);
  const button = {
    type: "button",
    name: text.addStation,
    icon: "mdi:plus",
    tap_action: { action: "navigate", navigation_path: `/config/integrations/integration/${PLATFORM}` },
    grid_options: { columns: 12, rows: 2 },
  };
  return { type: "sections", title: text.title, sections: section(text.noStation, ICON, [button]) };
}

class WeatherPanel extends HTMLElement {
  /** Return what is proposed for a new dashboard. */
  static getCreateSuggestions(hass) {
    return { title: texts(hass.locale.language).title, icon: ICON };
  }

  /** Tell whether an entity has come or gone, or the language is another. */
  static shouldRegenerate(config, before, after) {
    return (
      REGISTRIES.some((key) => before[key] !== after[key]) ||
      (before.states !== after.states &&
        ours(after).some(({ entity_id: id }) => (id in before.states) !== (id in after.states)))
    );
  }

  /** Return the dashboard. */
  static async generate({ hours = HOURS, days = DAYS }, hass) {
    const { title } = texts(hass.locale.language);
    const devices = findDevices(hass);
    const stations = devices.filter((device) => device.isStation);
    const userStationsOf = ({ entryId }) => devices.filter((other) => !other.isStation && other.entryId === entryId);
    const all = await Promise.all(
      // One station needs no name; of several, these are the tabs.
      stations.map((station) =>
        views(hass, station, stations.length > 1 ? station.name : title, userStationsOf(station), { hours, days }),
      ),
    );
    return { title, views: all.length ? all.flat() : [empty(hass)] };
  }
}

const element = `ll-strategy-dashboard-${TYPE}`;
if (!customElements.get(element)) {
  customElements.define(element, WeatherPanel);
  // Offers it among the community's when a dashboard is added. Its language is not known before the page is there.
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
