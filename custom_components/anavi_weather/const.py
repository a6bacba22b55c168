"""Constants shared by several modules."""

import logging

DOMAIN = "anavi_weather"
LOGGER = logging.getLogger(__package__)

ATTR_CHIP = "chip"
ATTR_QUALITY_FLAGS = "quality_flags"

CODES_ISSUE_PREFIX = "codes_"
DELETED_ISSUE_PREFIX = "deleted_"
NAME_ISSUE_PREFIX = "name_"

CONF_ALTITUDE = "altitude"
CONF_BUS = "bus"
CONF_CA_CERTIFICATE = "ca_certificate"
CONF_CALIBRATED = "calibrated"
CONF_CALIBRATED_BEFORE = "calibrated_before"
CONF_CHIPS = "chips"
CONF_CHOSEN_ENTITIES = "chosen_entities"
CONF_CORRECTIONS = "corrections"
CONF_DATA = "data"
CONF_ENTITIES = "entities"
CONF_EXCLUDE = "exclude"
CONF_HUMIDITY_ENTITY = "humidity_entity"
CONF_INCLUDE = "include"
CONF_INFRARED_DEVICES = "infrared_devices"
CONF_INTERVAL = "interval"
CONF_KIND = "kind"
CONF_LOCATION = "location"
CONF_NAMESPACE = "namespace"
CONF_OUTDOOR_TEMPERATURE = "outdoor_temperature"
CONF_RAIN = "rain"
CONF_SEND_HISTORY = "send_history"
CONF_SEND_STATISTICS = "send_statistics"
CONF_STATES = "states"
CONF_STATIONS = "stations"
CONF_STATION_NAME = "station_name"
CONF_TEMPERATURE_ENTITY = "temperature_entity"
CONF_TEMPERATURE_OFFSET = "temperature_offset"

DEFAULT_INTERVAL = 30  # seconds

SUBENTRY_FLEET = "fleet"
SUBENTRY_INFRARED_DEVICE = "infrared_device"
SUBENTRY_USER_STATION = "user_station"
