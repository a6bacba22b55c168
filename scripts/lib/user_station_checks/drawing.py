"""Check that Kibana draws the panels of the dashboards, in Chromium.

Kibana's own reports wait for these attributes of a page, and read errors from them. All requests of the browser are made by our
client, which trusts the station's authority: the browser never sees the password, and reaches nothing but this Kibana.
"""

from collections.abc import Iterator
import time
from typing import TYPE_CHECKING, Any

from .client import Client, ServiceError
from .findings import Finding, failed, not_checked, ok
from .kibana import Dashboard
from .station import Station

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

WHAT = "drawing of the dashboards"
POLL_SECONDS = 0.5
WIDTH, GRID_ROW, MARGIN = 1600, 28, 400  # pixels
PAUSED = "?_g=(refreshInterval:(pause:!t,value:60000))"
# A header that would describe the body before Python decoded it
LEFT_OUT = {"content-encoding", "content-length", "transfer-encoding", "connection"}
SENT = {"accept", "content-type", "elastic-api-version", "kbn-build-number", "kbn-version", "x-elastic-internal-origin"}
READ_PAGE = """
() => {
  const texts = (selector, read) => [...document.querySelectorAll(selector)].map(read);
  const expected = document.querySelector("[data-shared-items-count]");
  return {
    expected: expected ? Number(expected.dataset.sharedItemsCount) : null,
    drawn: document.querySelectorAll("[data-shared-item]").length,
    pending: document.querySelectorAll('[data-shared-item][data-render-complete="false"]').length,
    errors: [
      ...texts("[data-render-error]", (element) => element.dataset.renderError),
      ...texts('[data-test-subj="embeddableError"], [data-test-subj="embeddableStackError"], '
        + '[data-test-subj="embeddable-lens-failure"]', (element) => element.innerText),
    ].filter(Boolean),
    text: document.body.innerText.slice(0, 200),
  };
}
"""


def check(station: Station, dashboards: list[Dashboard], patience: float) -> Iterator[Finding]:
    """Yield the errors that dashboards show. Each may take some seconds to be drawn."""
    if not dashboards:
        yield not_checked(WHAT, "no dashboard was found")
        return
    try:
        from browser import PageError, open_browser
        from playwright.sync_api import Error
    except ImportError:
        yield not_checked(WHAT, "Playwright is not installed: scripts/setup browser")
        return
    try:
        with open_browser() as browser:
            for dashboard in dashboards:
                page = browser.new_page(viewport={"width": WIDTH, "height": _height(dashboard)})
                page.route("**/*", lambda route: _answer(route, station.kibana))
                try:
                    yield _draw(page, station.kibana.url, dashboard, patience)
                except Error as error:
                    yield failed(f"panels of {dashboard.id}", error.message)
                page.unroute_all(behavior="ignoreErrors")
                page.close()
    except PageError as error:
        yield not_checked(WHAT, str(error))


def _height(dashboard: Dashboard) -> int:
    """Return a height at which no panel is below the page, where Kibana may not draw it."""
    grids = [panel["grid"] for panel in dashboard.panels]
    return MARGIN + GRID_ROW * max((grid["y"] + grid["h"] for grid in grids), default=0)


def _answer(route: "Route", client: Client) -> None:
    """Answer a request of the page."""
    request = route.request
    if not request.url.startswith(f"{client.url}/"):
        route.abort()
        return
    headers = {name: value for name, value in request.headers.items() if name in SENT}
    try:
        answer = client.request(request.method, request.url.removeprefix(client.url), request.post_data_buffer, headers)
    except ServiceError:
        route.abort()
        return
    kept = {name: value for name, value in answer.headers.items() if name not in LEFT_OUT}
    route.fulfill(status=answer.status, headers=kept, body=answer.body)


def _draw(page: "Page", url: str, dashboard: Dashboard, patience: float) -> Finding:
    """Return whether a dashboard is drawn without errors."""
    what = f"panels of {dashboard.id}"
    page.goto(f"{url}/app/dashboards#/view/{dashboard.id}{PAUSED}", wait_until="commit", timeout=patience * 1000)
    end = time.monotonic() + patience
    while True:
        content: dict[str, Any] = page.evaluate(READ_PAGE)
        if content["errors"]:
            return failed(what, "; ".join(content["errors"]))
        if content["expected"] and content["drawn"] >= content["expected"] and not content["pending"]:
            return ok(what, f"{content['drawn']} drawn without an error")
        if time.monotonic() > end:
            drawn = f"{content['drawn'] - content['pending']} of {content['expected']}"
            return failed(what, f"{drawn} drawn after {patience:.0f} s. The page begins with: {content['text']}")
        page.wait_for_timeout(POLL_SECONDS * 1000)
