/** The integration's devices in the frontend's registries. */

const PLATFORM = "anavi_weather";
/** Keys of readings that replace others a station does not have. */
const SUBSTITUTES = { sea_level_pressure: "atmospheric_pressure" };

/** A device with its entities: a station, or an infrared device, user station or fleet's station that belongs to one. */
class Device {
  constructor(device) {
    this.device = device;
    this.entryId = device.config_entry_id ?? device.primary_config_entry;
    this.name = device.name_by_user || device.name || "ANAVI Weather";
    this.isStation = device.identifiers.some(([domain, id]) => domain === PLATFORM && id === this.entryId);
    this.isInfrared = Boolean(device.via_device_id);
    this.entities = [];
  }

  /** Whether the device is a station of a fleet. */
  get isOfFleet() {
    return this.entities.some(({ key }) => key === "fleet_last_seen");
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
export const ours = (hass) => Object.values(hass.entities).filter((entry) => entry.platform === PLATFORM && !entry.hidden);

/** Return the integration's devices that have entities, by name. */
export function findDevices(hass) {
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
