"""Reads pages in one browser for the tests: takes requests as JSON, a line each, and answers each with a line.

Runs in the browser's environment.
"""

from collections.abc import Callable
import json
from pathlib import Path
import sys
from typing import Any

from browser import PageError, open_browser, open_page, read_page
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, TimeoutError, ViewportSize

FOLDER = Path(__file__).parents[2] / "custom_components" / "anavi_weather" / "frontend"
CLICK_SECONDS = 30
ADDRESS = "http://panel.test/"
# Of the tests of modules without a Home Assistant
NOW = "2026-11-29T12:30:00-03:00"
TIME_ZONE = "America/Sao_Paulo"
SIZE: ViewportSize = {"width": 1280, "height": 720}
HOLD_SECONDS = 3.0

# Functions of the frontend, for a state that came as JSON. Statistics are means, minima and maxima of whole hours.
FRONTEND = """
({hass, keys, names, icons, statistics, issues, unknown}) => {
  const period = ({start_time, end_time}, rows) => rows.filter(
    ({start}) => start >= Date.parse(start_time) && (!end_time || start < Date.parse(end_time)));
  // Home Assistant adds the day that begins at the end
  const later = (time, name) => time && name === "day" ? new Date(Date.parse(time) + 86_400_000).toISOString() : time;
  const answers = {
    "recorder/statistics_during_period": ({statistic_ids: ids, period: name, start_time, end_time}) => Object.fromEntries(
      ids.map((id) => [id, period({start_time, end_time: later(end_time, name)}, statistics[name]?.[id] ?? [])])),
    "recorder/statistic_during_period": ({statistic_id: id, fixed_period: times}) => {
      const rows = period(times, statistics.hour?.[id] ?? []);
      if (!rows.length) return {min: null, max: null};
      return {min: Math.min(...rows.map(({min}) => min)), max: Math.max(...rows.map(({max}) => max))};
    },
    "repairs/list_issues": () => ({issues}),
    "anavi_weather/list_keys": ({config_entry_id: id}) => ({is_loaded: id in keys, keys: keys[id] ?? null}),
    "frontend/get_icons": () => ({resources: {anavi_weather: {button: icons}}}),
  };
  return Object.assign(hass, {
    callWS: async ({type, ...message}) => {
      if (!statistics && type.startsWith("recorder/")) throw new Error("no recorder");
      if (unknown.includes(type)) throw {code: "unknown_command", message: "Unknown command."};
      return answers[type](message);
    },
    connection: {subscribeEvents: async (listener) => { window.changeIssues = listener; return () => {}; }},
    formatEntityName: ({entity_id: id}) => id.split(".")[1],
    formatEntityState: ({state, attributes}, value = state) => {
      const number = Number(value);
      return Number.isNaN(number) ? value : `${number.toFixed(1)} ${attributes.unit_of_measurement ?? ""}`.trim();
    },
    loadBackendTranslation: async (category) => category === "selector"
      ? (key) => names[key.replace("component.anavi_weather.selector.infrared_key.options.", "")] ?? ""
      : (key, {station, chip}) => `${station}: ${chip} ${key.split(".").at(-2)}`,
  });
}
"""

GENERATE = f"""
async (home) => {{
  await import("/dashboard.js");
  const hass = ({FRONTEND})(home);
  const dashboard = await customElements.get("ll-strategy-dashboard-anavi-weather").generate({{}}, hass);
  // The frontend generates a view when it is opened.
  const open = async (view) => view.strategy ? {{
    ...view, ...await customElements.get(view.strategy.type.replace("custom:", "ll-strategy-view-")).generate(view.strategy, hass)
  }} : view;
  return {{...dashboard, views: await Promise.all(dashboard.views.map(open))}};
}}
"""

IS_DUE = """
() => {
  const hass = {entities: {}, states: {}};
  return customElements.get("ll-strategy-dashboard-anavi-weather").shouldRegenerate({}, hass, hass);
}
"""

# Shows a card, and returns its lines. Text of one element and line is one line.
SHOW = f"""
async ({{config, change, ...home}}) => {{
  await import("/dashboard.js");
  const hass = ({FRONTEND})(home);
  const card = document.createElement(config.type.replace("custom:", ""));
  card.setConfig(config);
  card.hass = hass;
  document.body.replaceChildren(card);
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (change) {{
    Object.assign(home.statistics, home.after);
    card.hass = {{...hass, states: {{...hass.states, ...change}}}};
    await new Promise((resolve) => setTimeout(resolve, 50));
  }}
  const shown = card.shadowRoot.querySelector("ha-card");
  return {{
    text: card.hidden ? [] : shown.innerText.split("\\n").map((line) => line.trim()).filter(Boolean),
    links: [...shown.querySelectorAll("a")].map((link) => link.getAttribute("href")),
    lines: [...shown.querySelectorAll("polyline")].map((line) => line.getAttribute("points").split(" ").length),
    begin: Number.parseFloat(shown.querySelector("polyline")?.getAttribute("points")),
    marker: shown.querySelector(".scale span")?.style.insetInlineStart ?? null,
  }};
}}
"""

# Shows the card of a remote control, and keeps what it does.
SHOW_REMOTE = """
async ({config, language, states}) => {
  await import("/dashboard.js");
  window.calls = [];
  ["red", "green", "yellow", "blue"].forEach((color, place) => {
    document.documentElement.style.setProperty(`--${color}-color`, `rgb(${place}, 0, 0)`);  // as a theme does
  });
  const record = (...call) => { window.calls.push(call); };
  const hass = {
    states,
    locale: {language},
    callService: async (domain, service, data, target) => record(`${domain}.${service}`, data, target),
    connection: {
      subscribeMessage: async (listener, {type, ...data}, options) => {
        if (data.command === "broken") throw {code: "home_assistant_error", message: "No transmitter"};
        record(type, data, options);
        return async () => record("release", data.command);
      },
    },
  };
  const card = document.createElement(config.type.replace("custom:", ""));
  card.setConfig(config);
  card.hass = hass;
  card.addEventListener("hass-notification", ({detail}) => record("notification", detail.message));
  window.show = (change) => { card.hass = {...hass, states: {...states, ...change}}; };
  window.remove = () => card.remove();
  document.body.replaceChildren(card);
}
"""
# Buttons with what they show and where, in the order in which they get the focus.
READ_REMOTE = """
() => [...document.body.firstElementChild?.shadowRoot.querySelectorAll("button") ?? []].map((button) => {
  const {x, y, width, height} = button.getBoundingClientRect();
  const {backgroundColor: background} = getComputedStyle(button);
  const icon = button.querySelector("ha-icon")?.icon ?? null;
  return {name: button.ariaLabel, text: button.innerText, icon, disabled: button.disabled, x, y, width, height, background};
})
"""

# The dialog knows that a press has ended some time after its message
PRESS = """
async ({token, entity}) => {
  const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
  await fetch("/api/services/button/press", {method: "POST", headers, body: JSON.stringify({entity_id: entity})});
  await new Promise((resolve) => setTimeout(resolve, 800));
}
"""


# Returns what is wrong with the layout of a page, and where its first graph begins
MEASURE = """
() => {
  const problems = [], cards = [], graphs = [];
  const name = (node) => node.localName + " " + node.innerText?.slice(0, 40).replace(/\\s+/g, " ");
  const visit = (node, card) => {
    if (node.nodeType !== Node.ELEMENT_NODE || ["script", "style", "svg", "canvas"].includes(node.localName)) return;
    const box = node.getBoundingClientRect();
    const isVisible = node.checkVisibility({visibilityProperty: true}) && box.width && box.height;
    if (node.localName === "ha-card" && isVisible) { card = {node, box}; cards.push(card); }
    if (node.localName === "hui-history-graph-card" && isVisible) graphs.push(box.top);
    const hasText = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
    if (card && hasText && isVisible && node.localName !== "button") {
      const style = getComputedStyle(node);
      if (style.overflowX !== "visible" && style.display !== "inline" && node.scrollWidth > node.clientWidth + 1) {
        problems.push("cut off: " + name(node));
      }
      if (box.right > card.box.right + 1 || box.left < card.box.left - 1) problems.push("outside its card: " + name(node));
    }
    const slotted = node.localName === "slot" ? node.assignedElements() : [];
    const children = node.shadowRoot ? node.shadowRoot.children : slotted.length ? slotted : node.children;
    [...children].forEach((child) => visit(child, card));
  };
  visit(document.body, null);
  cards.forEach(({node, box}, index) => {
    if (box.left < -1 || box.right > innerWidth + 1) problems.push("outside the page: " + name(node));
    for (const other of cards.slice(index + 1)) {
      const width = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const height = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (width > 1 && height > 1) problems.push("overlap: " + name(node) + " | " + name(other.node));
    }
  });
  return {problems, cards: cards.length, graphs: graphs.length ? Math.min(...graphs) : null};
}
"""


class Pages:
    """The pages of a browser, with a cache for each Home Assistant and language."""

    def __init__(self, browser: Browser) -> None:
        """Initialize with no cache."""
        self._browser = browser
        self._contexts: dict[tuple[str, str | None], BrowserContext] = {}
        self._modules: Page | None = None

    def read(
        self, *, login: dict[str, str], path: str, size: tuple[int, int], language: str | None, click: list[str]
    ) -> list[str]:
        """Open a page of Home Assistant, click on texts one after another, and return the lines of the page.

        Raises:
            PageError: if the page shows an error.
        """
        key = login["url"], language
        context = self._contexts.get(key)
        page = context.new_page() if context else open_page(self._browser, login, size, language)
        self._contexts[key] = page.context
        try:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto(login["url"] + path)
            text = read_page(page)
            for number, label in enumerate(click):
                # A layer above a card's text receives the click.
                target = page.get_by_text(label, exact=True).first
                try:
                    target.click(force=True, timeout=CLICK_SECONDS * 1000)
                except TimeoutError:
                    if number:
                        raise
                    # A busy machine may draw a page before its data has arrived, and the page stays like that.
                    page.reload()
                    read_page(page)
                    target.click(force=True)
                text = read_page(page)
            return text.splitlines()
        finally:
            page.close()

    def measure(
        self, *, login: dict[str, str], paths: list[str], sizes: list[tuple[int, int]], language: str | None
    ) -> list[Any]:
        """Return what is wrong with the layout of pages of Home Assistant, for each page and size.

        Raises:
            PageError: if a page shows an error.
        """
        page = open_page(self._browser, login, sizes[0], language)
        try:
            found = []
            for path in paths:
                page.goto(login["url"] + path)
                read_page(page)
                for size in sizes:
                    page.set_viewport_size({"width": size[0], "height": size[1]})
                    read_page(page)
                    # A busy machine draws the cards after the text, and again for another size.
                    page.locator("ha-card:visible").first.wait_for()
                    found.append({"path": path, "size": size, **page.evaluate(MEASURE)})
            return found
        finally:
            page.context.close()

    def use(self, *, login: dict[str, str], path: str, steps: list[tuple[str, str]], picture: str | None) -> list[str]:
        """Open a page of Home Assistant, use its dialog step by step, and return the lines of the page.

        A step clicks on a text, a button or what has a label, holds what has a label, types into the last field, uploads a file,
        or runs a function. While the dialog waits for a remote control, a step clicks on what starts that, presses a button entity in place of the remote
        control, or waits for a text.

        Raises:
            PageError: if the page shows an error.
        """
        page = open_page(self._browser, login, (1000, 800))
        try:
            page.goto(login["url"] + path)
            text = read_page(page)
            for action, value in steps:
                if action == "start":
                    page.get_by_text(value, exact=True).filter(visible=True).last.click()
                    page.locator("step-flow-progress").wait_for()
                    continue
                if action == "press":
                    page.evaluate(PRESS, {"token": login["token"], "entity": value})
                    continue
                if action == "wait":
                    page.get_by_text(value).first.wait_for()
                elif action == "click":
                    page.get_by_text(value, exact=True).filter(visible=True).last.click()
                elif action == "button":
                    page.get_by_role("button", name=value).filter(visible=True).last.click()
                elif action == "label":
                    page.get_by_label(value, exact=True).filter(visible=True).last.click()
                elif action == "hold":
                    page.get_by_label(value, exact=True).hover()
                    page.mouse.down()
                    page.wait_for_timeout(HOLD_SECONDS * 1000)
                    page.mouse.up()
                elif action == "evaluate":
                    page.evaluate(value)
                elif action == "type":
                    page.get_by_role("textbox").last.fill(value)
                else:
                    page.locator("input[type=file]").set_input_files(value)
                text = read_page(page)
            if picture:
                page.screenshot(path=picture)
            return text.splitlines()
        finally:
            page.close()

    def remote(
        self, *, config: dict[str, Any], language: str, states: dict[str, Any], width: int, steps: list[tuple[str, Any]]
    ) -> Any:
        """Show the card of a remote control, use it step by step, and return its buttons, its calls, and where the focus was.

        A step taps or holds a button by its name, holds it and slides off, presses or holds a key of the keyboard, clicks like a
        screen reader, changes states, or removes the card while a button is held.
        """
        page = self._page()
        page.set_viewport_size({"width": width, "height": 1500})
        page.mouse.move(0, 0)
        page.evaluate(SHOW_REMOTE, {"config": config, "language": language, "states": states})
        focused: list[str] = []
        for action, value in steps:
            use_remote(page, action, value)
            focused.append(page.evaluate("() => document.activeElement?.shadowRoot?.activeElement?.ariaLabel ?? ''"))
        return {"buttons": page.evaluate(READ_REMOTE), "calls": page.evaluate("() => window.calls"), "focused": focused}

    def generate(self, **home: Any) -> Any:
        """Return the dashboard that the strategy generates for a Home Assistant, with all of its views."""
        return self._evaluate(GENERATE, home)

    def is_due(self, *, time: str) -> bool:
        """Return whether the dashboard is generated again at a time, though nothing changed."""
        page = self._page()
        page.clock.set_fixed_time(time)
        try:
            return bool(page.evaluate(IS_DUE))
        finally:
            page.clock.set_fixed_time(NOW)

    def show(self, **home: Any) -> Any:
        """Return what a card of the panel shows of a Home Assistant."""
        return self._evaluate(SHOW, home)

    def _evaluate(self, script: str, home: dict[str, Any]) -> Any:
        page = self._page()
        page.set_viewport_size(SIZE)
        return page.evaluate(script, home)

    def _page(self) -> Page:
        """Return an empty page that can import the modules."""
        if self._modules is None:
            self._modules = self._browser.new_context(timezone_id=TIME_ZONE).new_page()
            self._modules.route(f"{ADDRESS}**", serve)
            self._modules.clock.set_fixed_time(NOW)
            self._modules.goto(ADDRESS)
        return self._modules


def use_remote(page: Page, action: str, value: Any) -> None:
    """Take a step on the card of a remote control."""
    if action in ("tap", "click"):
        button = page.get_by_label(value, exact=True)
        button.click() if action == "tap" else button.evaluate("(button) => button.click()")
    elif action in ("hold", "slide", "remove"):
        page.get_by_label(value, exact=True).hover()
        page.mouse.down()
        page.wait_for_function("() => window.calls.length")
        if action == "slide":
            page.mouse.move(0, 0)
        elif action == "remove":
            page.evaluate("() => window.remove()")
        page.mouse.up()
    elif action == "key":
        page.keyboard.press(value)
    elif action == "hold key":
        page.keyboard.down(value)
        page.keyboard.down(value)
        page.wait_for_function("() => window.calls.length")
        page.keyboard.up(value)
    else:
        page.evaluate("(change) => window.show(change)", value)


def serve(route: Route) -> None:
    """Serve the modules, and an empty page."""
    name = route.request.url.removeprefix(ADDRESS)
    if name:
        route.fulfill(path=FOLDER / name, content_type="text/javascript")
    else:
        route.fulfill(body="", content_type="text/html")


def main() -> None:
    """Answer requests until there are no more."""
    with open_browser() as browser:
        pages = Pages(browser)
        methods: dict[str, Callable[..., Any]] = {
            "read": pages.read,
            "use": pages.use,
            "measure": pages.measure,
            "generate": pages.generate,
            "is_due": pages.is_due,
            "show": pages.show,
            "remote": pages.remote,
        }
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"result": methods[request.pop("method")](**request)}
            except (PageError, Error) as error:
                answer = {"error": str(error)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
