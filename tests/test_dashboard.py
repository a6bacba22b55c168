"""Tests of serving the weather panel. The panel itself is tested in a browser."""

from pathlib import Path
import re
import shutil
from unittest.mock import patch

from aiohttp import web
from aiohttp.test_utils import TestClient
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.dashboard import FOLDER, async_setup_dashboard
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .conftest import is_loaded

type Browser = TestClient[web.Request, web.Application]

MODULES = sorted(file.name for file in FOLDER.glob("*.js"))


@pytest.fixture
async def client(
    hass: HomeAssistant, integration: None, hass_client_no_auth: ClientSessionGenerator, entry: MockConfigEntry
) -> Browser:
    """Return an HTTP client of a Home Assistant with a frontend, without a login."""
    assert await async_setup_component(hass, "frontend", {})
    assert await async_setup_component(hass, DOMAIN, {})
    client: Browser = await hass_client_no_auth()
    return client


async def test_every_page_loads_the_panel(simulator: None, client: Browser) -> None:
    with patch("homeassistant.components.onboarding.async_is_onboarded", return_value=True):
        page = await (await client.get("/")).text()

    [address] = re.findall(rf'"(/{DOMAIN}/[0-9a-f]{{12}}/)dashboard\.js"', page)
    for module in MODULES:
        response = await client.get(address + module)
        assert response.status == 200
        assert response.content_type == "text/javascript"
        # The URL differs for each version.
        assert "max-age" in response.headers["Cache-Control"]
        for imported in re.findall(r'from "\./(.*)"', await response.text()):
            assert imported in MODULES


async def test_a_changed_module_has_another_url(hass: HomeAssistant, tmp_path: Path) -> None:
    """Browsers keep what they got from a URL."""
    assert await async_setup_component(hass, "frontend", {})
    folder = tmp_path / "frontend"
    shutil.copytree(FOLDER, folder)
    urls: list[str] = []
    with (
        patch("custom_components.anavi_weather.dashboard.FOLDER", folder),
        patch("homeassistant.components.frontend.add_extra_js_url", lambda _, url: urls.append(url)),
    ):
        await async_setup_dashboard(hass)
        (folder / "texts.js").write_text("export {};", encoding="utf-8")
        await async_setup_dashboard(hass)

    assert len(set(urls)) == 2


async def test_a_station_without_a_frontend(hass: HomeAssistant, station: MockConfigEntry) -> None:
    assert "frontend" not in hass.config.components
    assert is_loaded(station)


def test_the_languages_have_the_same_texts() -> None:
    text = (FOLDER / "texts.js").read_text(encoding="utf-8")
    english, portuguese = (
        re.findall(r"^  (\w+):", block, re.MULTILINE)
        for block in re.findall(r"{\n(.*?)^}", text, re.DOTALL | re.MULTILINE)
    )

    assert english == portuguese
    assert {"title", "description"} <= set(english)
