/** Where a remote control has its keys. */

const PAD = [null, "up", null, "left", "ok", "right", null, "down", null];
const DIGITS = [..."123456789", "star", "0", "hash"];
const COLORS = ["red", "green", "yellow", "blue"];
const ROCKERS = ["volume", "channel", "speed", "brightness", "temperature"];
const MUTE = "mute";

/** Rows of keys that have names below their icons. */
const POWER = ["power", "power_on", "power_off", "source"];
const NAVIGATION = ["back", "home", "menu", "info", "guide", "exit", "settings"];
const PLAYBACK = ["previous", "rewind", "play", "pause", "play_pause", "stop", "fast_forward", "next", "record", "eject", "repeat", "shuffle"];
const MORE = ["favorites", "search", "subtitles", "audio", "zoom", "sleep", "timer", "mode", "swing"];

/** With fewer keys, a pad or a keypad would be mostly empty. */
const MIN_KEYS = { pad: 3, digits: 3, colors: 2 };

/** Return places without empty rows of three. */
const withoutEmptyRows = (places) => places.filter((_, index) => places.slice(index - (index % 3)).slice(0, 3).some(Boolean));

/** Return the commands in blocks, in display order. Each command has a label, and a key if it is a common one. */
export function arrange(commands, language) {
  const rest = new Map();
  for (const command of commands) {
    rest.set(rest.has(command.key) || !command.key ? command : command.key, command);
  }
  const take = (key) => {
    const command = rest.get(key) ?? null;
    rest.delete(key);
    return command;
  };
  const block = (kind, places) => {
    const found = places.filter((key) => rest.has(key)).length;
    return found >= (MIN_KEYS[kind] ?? 1) ? [{ kind, commands: withoutEmptyRows(places.map(take)) }] : [];
  };
  const row = (keys) => block("row", keys.filter((key) => rest.has(key)));
  const rockers = () => {
    const names = ROCKERS.filter((name) => rest.has(`${name}_up`) && rest.has(`${name}_down`));
    const columns = names.map((name) => ({ name, commands: [take(`${name}_up`), take(`${name}_down`)] }));
    // Mute is beside the volume.
    const mute = columns.length && rest.has(MUTE) ? [{ name: null, commands: [take(MUTE)] }] : [];
    return columns.length ? [{ kind: "rockers", columns: [...columns.slice(0, 1), ...mute, ...columns.slice(1)] }] : [];
  };
  const collator = new Intl.Collator(language, { numeric: true });
  const others = () => [
    ...MORE.filter((key) => rest.has(key)).map(take),
    ...[...rest.values()].sort((one, other) => collator.compare(one.label, other.label)),
  ];
  const blocks = [
    ...row(POWER),
    ...block("pad", PAD),
    ...row(NAVIGATION),
    ...rockers(),
    ...block("digits", DIGITS),
    ...block("colors", COLORS.filter((key) => rest.has(key))),
    ...row(PLAYBACK),
  ];
  return rest.size ? [...blocks, { kind: "row", commands: others() }] : blocks;
}
