/** The remote view: the last key received, and a remote control or a thermostat for each infrared device. */

import { ENTITY_NAME, heading } from "./names.js";
import { remoteCard } from "./remote_card.js";
import { list, note, section } from "./sections.js";

const PLATFORM = "anavi_weather";
/** A remote control with more commands gets a subview, and so does one with more than a few where all together are many. */
const MAX_COMMANDS = 64;
const FEW_COMMANDS = 24;
const MAX_COMMANDS_OF_ALL = 128;
/** Imported files can have thousands of commands, too many buttons for a browser. */
const MAX_ON_PAGE = 600;
/** In a subview, commands are grouped by their first word if the groups have at least this average size. */
const GROUP_SIZE = 4;
const ICON = "mdi:remote-tv";
const ADD_COMMANDS = `/config/integrations/integration/${PLATFORM}`;
/** Features of the thermostat, by the attribute that a device with the feature has. */
const FEATURES = { hvac_modes: "climate-hvac-modes", fan_modes: "climate-fan-modes", swing_modes: "climate-swing-modes", preset_modes: "climate-preset-modes" };

/** Return a function that returns the label and the icon of a command, by its common key or readable name. */
async function describer(hass) {
  const localize = await hass.loadBackendTranslation("selector", PLATFORM);
  const { resources } = await hass.callWS({ type: "frontend/get_icons", category: "entity", integration: PLATFORM });
  const icons = resources[PLATFORM].button;
  return (shown) => ({
    key: shown,
    label: localize(`component.${PLATFORM}.selector.infrared_key.options.${shown}`) || shown,
    icon: icons[shown]?.default,
  });
}

/** Return the buttons of a device, as commands. */
const buttonCommands = (hass, { entities }, describe) =>
  entities
    .filter(({ domain }) => domain === "button")
    .map(({ id, key, state }) => ({ ...describe(key ?? hass.formatEntityName(state, ENTITY_NAME)), entity: id }));

/** Return a device's thermostat. */
function thermostat({ id, state }) {
  const features = Object.entries(FEATURES)
    .filter(([attribute]) => state.attributes[attribute]?.length > 1)
    .map(([, type]) => ({ type, style: type === FEATURES.hvac_modes ? "icons" : "dropdown" }));
  return { type: "thermostat", entity: id, features };
}

/** Return the sections of a device's subview: its common keys, then groups of others. */
function pageSections(control, text) {
  const shown = control.commands.slice(0, MAX_ON_PAGE);
  const groups = new Map([[control.device, []]]);
  for (const command of shown) {
    const title = command.icon ? control.device : command.label.split(" ")[0];
    groups.set(title, [...(groups.get(title) ?? []), command]);
  }
  const isGrouped = shown.length >= groups.size * GROUP_SIZE;
  const sections = (isGrouped ? [...groups] : [[control.device, shown]])
    .filter(([, commands]) => commands.length)
    .flatMap(([title, commands]) => section(title, ICON, [remoteCard({ ...control, commands })]));
  const more = control.commands.length - shown.length;
  return more > 0 ? [...sections, { type: "grid", cards: [heading(text.more(more), "mdi:dots-horizontal")] }] : sections;
}

/** Return a link to a device's subview. */
function link({ remote, device, commands }, path, text) {
  const open = { action: "navigate", navigation_path: path };
  return {
    type: "tile",
    entity: remote ?? commands[0].entity,
    name: `${device}: ${text.commands(commands.length)}`,
    icon: ICON,
    hide_state: true,
    tap_action: open,
    icon_tap_action: open,
  };
}

/** Return the card that links to where commands are learned and imported, or to its description. */
const addCommands = (hass, text) => ({
  type: "button",
  name: text.noCommands,
  icon: "mdi:school-outline",
  tap_action: hass.user?.is_admin
    ? { action: "navigate", navigation_path: ADD_COMMANDS }
    : { action: "url", url_path: text.infraredPage },
});

/** Return what each device has: a thermostat, or a remote control with commands. */
function findControls(hass, { remote, emitter, devices, keys, describe }) {
  const stored = new Map(Object.entries(keys ?? {}));
  const control = (device, shown, buttons = []) => {
    const commands = Object.entries(shown).map(([name, key]) => ({ name, ...describe(key) }));
    return keys ? { device, remote, emitter, commands } : { device, commands: buttons };
  };
  const found = devices.map((infrared) => {
    const { device, name, entities } = infrared;
    const climate = entities.find(({ domain }) => domain === "climate");
    const shown = stored.get(device.name) ?? {};
    stored.delete(device.name);
    return climate ? { device: name, climate } : control(name, shown, buttonCommands(hass, infrared, describe));
  });
  return [...found, ...[...stored].map(([name, shown]) => control(name, shown))].filter(
    ({ climate, commands }) => climate || commands.length,
  );
}

/** Return the cards of the devices, and the subviews of the largest. */
function cardsOfDevices(controls, path, text) {
  const total = controls.reduce((sum, { commands = [] }) => sum + commands.length, 0);
  const limit = total > MAX_COMMANDS_OF_ALL ? FEW_COMMANDS : MAX_COMMANDS;
  const pages = [];
  const cards = controls.map((control, index) => {
    const { device, climate, commands } = control;
    if (climate) return thermostat(climate);
    if (commands.length <= limit) return remoteCard({ ...control, title: device });
    const page = `${path}-${index + 1}`;
    pages.push({ type: "sections", title: device, path: page, subview: true, sections: pageSections(control, text) });
    return link(control, page, text);
  });
  return { cards, pages };
}

/** Whether an entity of a station belongs to its board: the infrared pair, and the keys of a simulated remote control. */
const isBoard = ({ domain }) => ["button", "infrared"].includes(domain);

/** Whether an entity of a station belongs to its remote view. */
export const isRemote = (entity) => isBoard(entity) || (["event", "remote"].includes(entity.domain) && !entity.category);

/** Return the tiles of the last key received and of the remote control. */
function tiles(station, remote, text) {
  const tile = (entity, options) => ({ type: "tile", entity: entity.id, name: ENTITY_NAME, ...options });
  const key = station.get("key");
  return [
    ...(key ? [tile(key, { state_content: ["state", "devices", "key"] })] : []),
    ...(remote ? [tile(remote, { name: text.remote })] : []),
  ];
}

/** Return the remote view of a station with an infrared pair, and the subviews of its devices. */
export async function remoteViews(hass, station, devices, { title, path, text }) {
  const remote = station.entities.find(({ domain }) => domain === "remote");
  const board = station.entities.filter(isBoard);
  if (!remote && !board.length) return [];
  const { is_loaded: isLoaded, keys: allowed } = await hass.callWS({ type: `${PLATFORM}/list_keys`, config_entry_id: station.entryId });
  // Without the remote control, which a user may disable, and without the right to use it, there are only buttons.
  const keys = remote ? allowed : null;
  const emitter = station.get("emitter")?.id;
  // A board without a transmitter can learn commands but not send them.
  const canSend = emitter && isLoaded;
  const controls = canSend
    ? findControls(hass, { remote: remote?.id, emitter, devices, keys, describe: await describer(hass) })
    : [];
  const { cards, pages } = cardsOfDevices(controls, path, text);
  if (remote && canSend && !controls.length) cards.push(keys ? addCommands(hass, text) : note(text.noRights));
  const boardCards = list(board).map((card) => ({ ...card, title: text.board }));
  // The heights differ too much for sections, which have common rows.
  const view = { type: "masonry", title, path: `${path}-remote`, cards: [...tiles(station, remote, text), ...cards, ...boardCards] };
  return [view, ...pages];
}
