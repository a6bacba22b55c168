/**
 * Dashboard strategy of the weather panel: finds the stations and their entities, and shows them in Home Assistant's cards.
 *
 * The configuration is `strategy: {type: "custom:anavi-weather"}`. Optional `hours` and `days` set the period of the graphs.
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

/** Keys of readings, in display order. Readings with the same unit share a graph. */
const GAUGES = ["temperature", "humidity", "sea_level_pressure", "illuminance"];
const TILES = ["forecast", "rain_probability", "pressure_tendency", "dew_point", "feels_like", "wet_bulb", "frost_point", "atmospheric_pressure", "absolute_humidity"];
const HISTORY = [["temperature", "dew_point"], ["humidity"], ["sea_level_pressure"], ["illuminance"]];
const STATISTICS = ["temperature", "humidity", "sea_level_pressure"];
const SUBSTITUTES = { sea_level_pressure: "atmospheric_pressure" };
/** Domains shown in the remote control section. */
const REMOTE_DOMAINS = ["event", "remote"];

/** A device of the integration with its entities: a station or one of its user stations. */
class Device {
  constructor(device) {
    this.device = device;
    this.entryId = device.config_entry_id ?? device.primary_config_entry;
    this.name = device.name_by_user || device.name || "ANAVI Weather";
    this.isStation = device.identifiers.some(([domain, id]) => domain === PLATFORM && id === this.entryId);
    this.entities = [];
  }

  /** Return the main entity with a key. */
  get(key) {
    return key && this.entities.find((entity) => entity.key === key && !entity.category);
  }

  /** Return the main entities with these keys or with their substitutes. */
  all(keys) {
    return keys.map((key) => this.get(key) ?? this.get(SUBSTITUTES[key])).filter(Boolean);
  }
}

/** Return the integration's enabled and visible entities. */
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

/** Return a section with a heading, or nothing if it has no cards. */
const section = (title, icon, cards, options = {}) =>
  cards.length ? [{ type: "grid", cards: [heading(title, icon), ...cards], ...options }] : [];

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

const row = ({ id }) => ({ entity: id, name: ENTITY_NAME });

const list = (entities) => (entities.length ? [{ type: "entities", entities: entities.map(row) }] : []);

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

/** Return a station's view and a subview for each of its large remote controls. */
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
      ...section(text.map, "mdi:map", map(userStations), { column_span: 2 }),
      ...userStations.flatMap(({ name, entities }) => section(name, "mdi:database-arrow-up-outline", list(entities))),
      ...section(text.station, "mdi:raspberry-pi", list(others)),
    ],
  };
  return [view, ...pages];
}

/** Return the view shown while no station exists. */
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
    const { title } = texts(hass.locale.language);
    const devices = findDevices(hass);
    const stations = devices.filter((device) => device.isStation);
    const userStationsOf = ({ entryId }) => devices.filter((other) => !other.isStation && other.entryId === entryId);
    const all = await Promise.all(
      // With several stations, their names are the titles of the tabs.
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
