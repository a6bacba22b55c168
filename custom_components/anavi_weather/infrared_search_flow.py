"""Steps of the infrared device's flow that search for files with codes in the user's folders."""

import asyncio
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from .code_files import read_code_file
from .code_folders import SearchResult, is_within, search_code_files
from .const import DOMAIN
from .exceptions import InvalidActionError, TranslatedError
from .infrared_file_flow import CONF_FILE, InfraredFileFlow

CONF_QUERY = "query"

CONFIG_FOLDER = "ir"  # in the folder of the configuration
MAX_SECONDS = 60
QUICK_SECONDS = 1  # A search that takes no longer shows no progress

SEARCH_SCHEMA = vol.Schema({vol.Required(CONF_QUERY): TextSelector()})


class InfraredSearchFlow(InfraredFileFlow):
    """The steps *search*, *searching* and *found*."""

    _query = ""
    _stopped: Event | None = None  # of the search that is running
    _search: asyncio.Task[SearchResult]

    @property
    def _folders(self) -> list[Path]:
        """The folders in which users may have collections of codes."""
        return [Path(self.hass.config.path(CONFIG_FOLDER)), *map(Path, self.hass.config.media_dirs.values())]

    async def async_step_search(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Handle the brand and the model to search for."""
        if user_input is None:
            return self._search_form({})
        self._query = user_input[CONF_QUERY]
        self._search = self.hass.async_create_task(self._async_search(), f"{DOMAIN} search for infrared codes")
        # A browser misses the end of a search that comes before it has learned of the search.
        await asyncio.wait([self._search], timeout=QUICK_SECONDS)
        return await (self.async_step_found() if self._search.done() else self.async_step_searching())

    async def async_step_searching(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Wait for the search."""
        if not self._search.done():
            return self.async_show_progress(
                step_id="searching", progress_action="search_codes", progress_task=self._search
            )
        return self.async_show_progress_done(next_step_id="found")

    async def async_step_found(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose one of the files that were found, or none to search again."""
        found = self._search.result()
        if not found.files:
            return self._search_form({CONF_QUERY: "nothing_found" if found.is_complete else "search_stopped"})
        errors: dict[str, str] = {}
        detail = {"detail": ""}
        if user_input is not None:
            if CONF_FILE not in user_input:
                return self._search_form({})
            try:
                file = found.files[int(user_input[CONF_FILE])].path
                return await self.async_take_file(await self.hass.async_add_executor_job(self._read, file))
            except TranslatedError as err:
                errors, detail = {CONF_FILE: "failed"}, await self.async_detail(err)
        return self.async_show_form(
            step_id="found" if found.is_complete else "found_some",
            data_schema=self.add_suggested_values_to_schema(_found_schema(found), user_input),
            errors=errors,
            description_placeholders={"query": self._query, "count": str(len(found.files)), **detail},
        )

    async_step_found_some = async_step_found
    """The same with a text for a search that was stopped, or has more results."""

    @callback
    @override
    def async_remove(self) -> None:
        """Stop the search if the flow is left."""
        self._stop()
        super().async_remove()

    def _search_form(self, errors: dict[str, str]) -> SubentryFlowResult:
        return self.async_show_form(
            step_id="search",
            data_schema=self.add_suggested_values_to_schema(SEARCH_SCHEMA, {CONF_QUERY: self._query}),
            errors=errors,
            description_placeholders={"folders": ", ".join(f"`{folder}`" for folder in self._folders), "detail": ""},
        )

    async def _async_search(self) -> SearchResult:
        self._stop()
        stopped = self._stopped = Event()
        deadline = monotonic() + MAX_SECONDS

        def is_stopped() -> bool:
            return stopped.is_set() or self.hass.is_stopping or monotonic() > deadline

        return await self.hass.async_add_executor_job(search_code_files, self._folders, self._query, is_stopped)

    def _stop(self) -> None:
        if self._stopped is not None:
            self._stopped.set()

    def _read(self, file: Path) -> str:
        """Return the text of a file that was found.

        Raises:
            InvalidActionError: if it cannot be read, or was replaced with a link out of the folders.
        """
        if not any(is_within(folder, file) for folder in self._folders):
            raise InvalidActionError("file_moved", name=file.name)
        try:
            return read_code_file(file)
        except OSError as err:
            raise InvalidActionError("path_not_readable", path=file.name, error=err.strerror or str(err)) from err


def _found_schema(found: SearchResult) -> vol.Schema:
    options = [SelectOptionDict(value=str(index), label=file.label) for index, file in enumerate(found.files)]
    selector = SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST))
    return vol.Schema({vol.Optional(CONF_FILE): selector})
