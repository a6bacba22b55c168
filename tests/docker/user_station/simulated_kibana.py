"""A stand-in for Kibana that answers questions as its public API's documentation says, and draws pages as its reports read them.

The set-up fills it. Elasticsearch's part is played too, where a test needs no real one.
"""

from copy import deepcopy
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, override

from homeassistant.util import dt as dt_util

from .test_setup_kibana import Handler, Kibana

VERSION = "9.5.4"
PLUGINS = ("alerting", "dashboard", "lens", "maps")
DASHBOARD, RULE, CONNECTOR = "/api/dashboards/", "/api/alerting/rule/", "/api/actions/connector/"
# Panels are drawn one after another. Those of a dashboard whose title is among the broken show what Kibana's panels show.
PAGE = """<!DOCTYPE html><body><script>
const id = location.hash.match(/view\\/([^?]+)/)[1];
fetch(`/api/dashboards/${id}`).then((answer) => answer.json()).then(({data}) => {
  const container = document.createElement("div");
  container.dataset.sharedItemsContainer = "";
  container.dataset.sharedItemsCount = data.panels.length;
  document.body.append(container);
  data.panels.forEach((panel, index) => setTimeout(() => {
    const item = document.createElement("div");
    item.dataset.sharedItem = "";
    item.dataset.renderComplete = "false";
    container.append(item);
    if (panel.config.drawn === "never") return;
    setTimeout(() => {
      item.dataset.renderComplete = "true";
      if (panel.config.drawn) item.dataset.renderError = panel.config.drawn;
    }, 20);
  }, 5 * index));
});
fetch(`http://localhost:${location.port}/elsewhere`, {mode: "no-cors"}).catch(() => {});
</script></body>"""


class SimulatedKibana(Kibana):
    """Kibana 9.5 of a user station."""

    def __init__(self, template: Kibana | None = None) -> None:
        """Initialize with what a set-up has made in another one."""
        super().__init__()
        self.RequestHandlerClass = SimulatedHandler
        if template:
            self.made, self.changed = deepcopy(template.made), dict(template.changed)
        self.levels = dict.fromkeys(PLUGINS, "available")
        self.unknown_fields: set[str] = set()
        self.rule: dict[str, Any] = {}
        """What differs of all rules from one that runs."""


class SimulatedHandler(Handler):
    """Answers a request."""

    server: SimulatedKibana

    @override
    def do_GET(self) -> None:
        """Answer with a page, or as the API."""
        if not self.path.startswith("/app/"):
            self._do()
            return
        allowed = (self.headers.get("Authorization") or "").startswith("Basic ")
        self.send_response(200 if allowed else 302)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    @override
    def _answer(self, body: Any) -> tuple[int, Any]:
        answer = self._ask_elasticsearch(body) or self._ask_kibana(body)
        return answer or super()._answer(body)

    def _ask_elasticsearch(self, body: Any) -> tuple[int, Any] | None:
        if self.path == "/":
            return 200, {"version": {"number": VERSION}}
        if "/_field_caps?" in self.path:
            fields = set(self.path.split("fields=")[1].split("&")[0].split(",")) - self.server.unknown_fields
            return 200, {"fields": {field: {} for field in sorted(fields)}}
        if self.path == "/_query":
            if "broken" in body["query"]:
                cause = {"reason": "Unknown column [broken]"}
                return 400, {"error": {"root_cause": [cause]}, "status": 400}
            return 200, {"columns": [], "values": [[1]]}
        return None

    def _ask_kibana(self, body: Any) -> tuple[int, Any] | None:
        made = self.server.made.get(self.path)
        if self.path == "/api/status":
            levels = {name: {"level": level} for name, level in self.server.levels.items()}
            overall = "available" if set(self.server.levels.values()) == {"available"} else "degraded"
            return 200, {
                "version": {"number": VERSION},
                "status": {
                    "overall": {"level": overall},
                    "core": {"elasticsearch": {"level": "available"}},
                    "plugins": levels,
                },
            }
        if self.command != "GET" or made is None:
            return None
        if self.path.startswith(DASHBOARD):
            return 200, {"id": self.path.removeprefix(DASHBOARD), "data": made, "meta": {"managed": False}}
        if self.path.startswith(CONNECTOR):
            return 200, {**made, "is_missing_secrets": False, **made.get("differs", {})}
        if self.path.startswith(RULE):
            last = (dt_util.utcnow() - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
            runs = {"enabled": True, "execution_status": {"status": "ok", "last_execution_date": last}}
            return 200, {**made, **runs, **self.server.rule}
        return None

    @override
    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the header Date."""
        return format_datetime(dt_util.utcnow(), usegmt=True)
