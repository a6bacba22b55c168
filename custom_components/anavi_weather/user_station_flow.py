"""Subentry flow of a user station: the server, and the states to send."""

from collections.abc import Iterable, Mapping
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import valid_domain
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    AreaSelector,
    AreaSelectorConfig,
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    LabelSelector,
    LabelSelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from .const import (
    CONF_CHOSEN_ENTITIES,
    CONF_ENTITIES,
    CONF_EXCLUDE,
    CONF_INCLUDE,
    CONF_LOCATION,
    CONF_SEND_HISTORY,
    CONF_SEND_STATISTICS,
    CONF_STATION_NAME,
)
from .forwarding import async_create_elasticsearch
from .server_flow import InvalidInputError, ServerFlow
from .user_station.entities import Selection, entity_ids
from .user_station.filters import is_glob
from .user_station.location import Precision

MAX_NAME = 100

COMMON_RULES = {
    vol.Optional("domains", default=list): TextSelector(TextSelectorConfig(multiple=True)),
    vol.Optional("globs", default=list): TextSelector(TextSelectorConfig(multiple=True)),
    vol.Optional("labels", default=list): LabelSelector(LabelSelectorConfig(multiple=True)),
    vol.Optional("areas", default=list): AreaSelector(AreaSelectorConfig(multiple=True)),
}
EXCLUDED_ENTITIES = {
    vol.Optional(CONF_ENTITIES, default=list): EntitySelector(EntitySelectorConfig(multiple=True)),
}
STATES_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_STATION_NAME): TextSelector(),
        vol.Required(CONF_ENTITIES, default=Selection.STATION): SelectSelector(
            SelectSelectorConfig(
                options=list(Selection), mode=SelectSelectorMode.LIST, translation_key="user_station_entities"
            )
        ),
        vol.Optional(CONF_CHOSEN_ENTITIES, default=list): EntitySelector(EntitySelectorConfig(multiple=True)),
        vol.Optional(CONF_INCLUDE, default=dict): section(vol.Schema(COMMON_RULES), {"collapsed": True}),
        vol.Optional(CONF_EXCLUDE, default=dict): section(
            vol.Schema(EXCLUDED_ENTITIES | COMMON_RULES), {"collapsed": True}
        ),
        vol.Required(CONF_SEND_HISTORY, default=True): BooleanSelector(),
        vol.Required(CONF_SEND_STATISTICS, default=True): BooleanSelector(),
        vol.Required(CONF_LOCATION, default=Precision.NONE): SelectSelector(
            SelectSelectorConfig(
                options=list(Precision), mode=SelectSelectorMode.DROPDOWN, translation_key="user_station_location"
            )
        ),
    }
)


class UserStationFlow(ServerFlow):
    """Subentry flow that adds or reconfigures a user station."""

    @override
    async def _async_check(self) -> None:
        await (await async_create_elasticsearch(self.hass, self._server)).async_check()

    @override
    async def _async_step_next(self) -> SubentryFlowResult:
        return await self.async_step_states()

    async def async_step_states(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the choice of the states to send."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            try:
                return self._finish(self._server | self._wanted(user_input))
            except InvalidInputError as err:
                errors, placeholders = err.errors, err.placeholders
        suggested = self._named(user_input or self._known()) or {CONF_STATION_NAME: self.hass.config.location_name}
        return self.async_show_form(
            step_id="states",
            data_schema=self.add_suggested_values_to_schema(STATES_SCHEMA, suggested),
            errors=errors,
            description_placeholders=placeholders,
            last_step=True,
        )

    def _wanted(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Return the user's choice of states in the form that is stored.

        Raises:
            InvalidInputError: if a field is invalid.
        """
        name = user_input[CONF_STATION_NAME].strip()
        if not 0 < len(name) <= MAX_NAME:
            raise InvalidInputError(CONF_STATION_NAME, "name_invalid")
        is_choice = user_input[CONF_ENTITIES] == Selection.CHOSEN
        chosen = user_input[CONF_CHOSEN_ENTITIES] if is_choice else []
        include = _rules(user_input[CONF_INCLUDE]) if is_choice else {}
        exclude = _rules(user_input[CONF_EXCLUDE])
        if is_choice and not (chosen or include):
            raise InvalidInputError(CONF_CHOSEN_ENTITIES, "no_entities")
        _check_names(include)
        _check_names(exclude)
        if CONF_ENTITIES in exclude:
            exclude[CONF_ENTITIES] = self._registry_ids(exclude[CONF_ENTITIES])
        wanted = {**user_input, CONF_STATION_NAME: name, CONF_CHOSEN_ENTITIES: self._registry_ids(chosen)}
        filters = {CONF_INCLUDE: include, CONF_EXCLUDE: exclude}
        return {key: value for key, value in wanted.items() if key not in filters} | _filled(filters)

    def _registry_ids(self, entities: Iterable[str]) -> list[str]:
        """Return entities by their registry ids, which remain when they are renamed, if they have one."""
        registry = er.async_get(self.hass)
        entries = ((entity_id, registry.async_get(entity_id)) for entity_id in entities)
        return [entry.id if entry else entity_id for entity_id, entry in entries]

    def _named(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored data with the current entity ids."""
        named = dict(data)
        if chosen := data.get(CONF_CHOSEN_ENTITIES):
            named[CONF_CHOSEN_ENTITIES] = entity_ids(self.hass, chosen)
        if excluded := data.get(CONF_EXCLUDE, {}).get(CONF_ENTITIES):
            named[CONF_EXCLUDE] = {**data[CONF_EXCLUDE], CONF_ENTITIES: entity_ids(self.hass, excluded)}
        return named


def _rules(fields: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the rules of a section without surrounding spaces, empty rows and empty fields."""
    return _filled({field: [row for text in texts if (row := text.strip())] for field, texts in fields.items()})


def _check_names(rules: Mapping[str, Iterable[str]]) -> None:
    """Check the domains and patterns of a section.

    Raises:
        InvalidInputError: if one of them matches no entity id.
    """
    if not all(map(valid_domain, rules.get("domains", ()))):
        raise InvalidInputError("base", "domain_invalid")
    for glob in rules.get("globs", ()):
        if not is_glob(glob):
            raise InvalidInputError("base", "glob_invalid", pattern=glob)


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {field: value for field, value in fields.items() if value}
