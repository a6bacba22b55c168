/** The remote view of a station: the last key received, a button for each stored command, and the infrared devices. */

import { ENTITY_NAME, heading } from "./names.js";
import { list, section } from "./sections.js";

/** A device with more commands, such as an air conditioner with one for each setting, gets its own subview. */
const MAX_BUTTONS = 24;
/** Imported files can have thousands of commands, too many buttons for a browser. */
const MAX_ON_PAGE = 600;
/** Commands are grouped by their first word if the groups have at least this average size. */
const GROUP_SIZE = 4;

/** Icons by patterns in the command's name, in display order of the buttons. */
const ICONS = [
  [/^(power ?)?off$|^desl/, "mdi:power-off"],
  [/power|standby|on ?off|^on$|^liga/, "mdi:power"],
  [/vol\w* ?(up|\+|mais)|(up|\+) ?vol|^vol\+$/, "mdi:volume-plus"],
  [/vol\w* ?(do?w?n|-|menos)|^vol-$/, "mdi:volume-minus"],
  [/mute|mudo/, "mdi:volume-off"],
  [/(ch|prog|canal)\w* ?(up|\+|mais)|page ?up/, "mdi:chevron-up-box-outline"],
  [/(ch|prog|canal)\w* ?(do?w?n|-|menos)|page ?down/, "mdi:chevron-down-box-outline"],
  [/temp\w* ?(up|\+|mais)/, "mdi:thermometer-plus"],
  [/temp\w* ?(do?w?n|-|menos)/, "mdi:thermometer-minus"],
  [/source|input|hdmi|^av$|fonte/, "mdi:import"],
  [/menu|guide|\bguia/, "mdi:menu"],
  [/\bhome\b/, "mdi:home"],
  [/\bback\b|return|exit|voltar|sair/, "mdi:arrow-u-left-top"],
  [/^up$|arrow ?up|\bcima/, "mdi:chevron-up"],
  [/^down$|arrow ?down|\bbaixo/, "mdi:chevron-down"],
  [/^left$|arrow ?left|\besquerda/, "mdi:chevron-left"],
  [/^right$|arrow ?right|\bdireita/, "mdi:chevron-right"],
  [/^ok$|enter|select|confirm/, "mdi:check-circle-outline"],
  [/play/, "mdi:play"],
  [/pause/, "mdi:pause"],
  [/stop|parar/, "mdi:stop"],
  [/rewind|^rew$/, "mdi:rewind"],
  [/forward|^ff$/, "mdi:fast-forward"],
  [/next|\bpr[oó]x/, "mdi:skip-next"],
  [/prev|\banterior/, "mdi:skip-previous"],
  [/cool|frio/, "mdi:snowflake"],
  [/heat|quente|aquec/, "mdi:fire"],
  [/dry|seco/, "mdi:water-percent"],
  [/swing|oscil/, "mdi:arrow-oscillating"],
  [/fan|vent|speed|veloc/, "mdi:fan"],
  [/light|\bluz|bright/, "mdi:lightbulb"],
  [/timer|sleep/, "mdi:timer-outline"],
  ...Array.from("0123456789", (digit) => [new RegExp(`^(numeric |num |digit )?${digit}$`), `mdi:numeric-${digit}`]),
];
const DEFAULT_ICON = "mdi:remote";

/** Return a readable name for a command, whose name in a file is like `KEY_VOLUMEUP` or `cool_high_24`. */
function label(name) {
  const words = name.replace(/^(KEY|BTN)_/, "").replace(/_+/g, " ").trim();
  if (!words) return name;
  const rest = words.slice(1);
  return words[0].toUpperCase() + (words === words.toUpperCase() && words.length > 4 ? rest.toLowerCase() : rest);
}

/** Return buttons for commands, the most used first. */
function buttons(remote, device, names, language) {
  const collator = new Intl.Collator(language, { numeric: true });
  return names
    .map((name) => {
      const text = label(name);
      const rank = ICONS.findIndex(([pattern]) => pattern.test(text.toLowerCase()));
      return { name, text, rank: rank < 0 ? ICONS.length : rank };
    })
    .sort((one, other) => one.rank - other.rank || collator.compare(one.text, other.text))
    .map(({ name, text, rank }) => ({
      type: "button",
      name: text,
      icon: ICONS[rank]?.[1] ?? DEFAULT_ICON,
      tap_action: {
        action: "perform-action",
        perform_action: "remote.send_command",
        target: { entity_id: remote },
        data: { device, command: name },
      },
      hold_action: { action: "none" },
      grid_options: { columns: 4, rows: 2 },
    }));
}

/** Return the sections of a device's subview. */
function pageSections(remote, device, names, language, texts) {
  const shown = names.slice(0, MAX_ON_PAGE);
  const groups = new Map();
  for (const name of shown) {
    const [word] = label(name).split(" ");
    groups.set(word, [...(groups.get(word) ?? []), name]);
  }
  const grouped = groups.size > 1 && shown.length >= groups.size * GROUP_SIZE ? groups : new Map([[device, shown]]);
  const sections = [...grouped].map(([title, members]) => ({
    type: "grid",
    cards: [heading(title, DEFAULT_ICON), ...buttons(remote, device, members, language)],
  }));
  if (names.length > shown.length) {
    sections.push({ type: "grid", cards: [heading(texts.more(names.length - shown.length), "mdi:dots-horizontal")] });
  }
  return sections;
}

/** Return the commands by device, or null if the station is not loaded or the user is not allowed to list them. */
async function listCommands(hass, entryId) {
  try {
    const { response } = await hass.callService(
      "anavi_weather", "list_commands", { config_entry_id: entryId }, undefined, false, true,
    );
    return Object.entries(response.devices);
  } catch (error) {
    console.warn("anavi_weather: cannot list the commands:", error);
    return null;
  }
}

/** Return the cards of the station's remote control, and the subviews of its devices, below the station's path. */
function remoteControl(hass, station, commands, path, texts) {
  const cards = [];
  const pages = [];
  const add = (entity, options = {}) =>
    entity && cards.push({ type: "tile", entity: entity.id, name: ENTITY_NAME, grid_options: { columns: 12 }, ...options });
  const remote = station.entities.find(({ domain }) => domain === "remote");
  add(remote);
  add(station.get("key"), { state_content: ["state", "device", "name", "code"] });
  // A board without a transmitter can learn commands but not send them.
  if (remote && commands && station.get("emitter")) {
    if (!commands.length) {
      cards.push({
        type: "button",
        name: texts.noCommands,
        icon: "mdi:school-outline",
        tap_action: { action: "url", url_path: texts.infraredPage },
        grid_options: { columns: 12, rows: 2 },
      });
    }
    commands.forEach(([device, names], index) => {
      if (names.length <= MAX_BUTTONS) {
        cards.push(heading(device, undefined, "subtitle"), ...buttons(remote.id, device, names, hass.locale.language));
        return;
      }
      const page = `${path}-${index + 1}`;
      const open = { action: "navigate", navigation_path: page };
      add(remote, {
        name: `${device}: ${texts.commands(names.length)}`,
        icon: "mdi:remote-tv",
        hide_state: true,
        tap_action: open,
        icon_tap_action: open,
      });
      pages.push({
        type: "sections",
        title: device,
        path: page,
        subview: true,
        sections: pageSections(remote.id, device, names, hass.locale.language, texts),
      });
    });
  }
  return { cards, pages };
}

/** Whether an entity of a station belongs to its remote view. Its buttons are those of the simulated remote control. */
export const isRemote = ({ domain, category }) =>
  ["button", "infrared"].includes(domain) || (["event", "remote"].includes(domain) && !category);

/** Return the remote view of a station with an infrared pair, and the subviews of its devices. */
export async function remoteViews(hass, station, devices, { title, path, text }) {
  const remote = station.entities.some(({ domain }) => domain === "remote");
  const commands = remote ? await listCommands(hass, station.entryId) : null;
  const { cards, pages } = remoteControl(hass, station, commands, path, text);
  const sections = [
    ...section(text.remote, "mdi:remote", cards),
    ...section(text.board, "mdi:raspberry-pi", list(station.entities.filter(({ domain }) => ["button", "infrared"].includes(domain)))),
    ...devices.flatMap(({ name, entities }) => section(name, "mdi:remote-tv", list(entities))),
  ];
  return sections.length ? [{ type: "sections", title, path: `${path}-remote`, sections }, ...pages] : [];
}
