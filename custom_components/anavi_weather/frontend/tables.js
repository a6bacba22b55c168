/** Cards of the records view: a list of records, and a table of days. All texts are shown verbatim. */

import { define, element, PanelCard } from "./card.js";
import { formatHour } from "./formats.js";
import { findHour } from "./statistics.js";

const LIST_STYLE = `
  ha-card { padding: 8px 16px; box-sizing: border-box; }
  ul { list-style: none; margin: 0; padding: 0; }
  li { display: flex; align-items: center; gap: 16px; min-height: 48px; padding: 4px 0; }
  ha-icon { color: var(--state-icon-color, var(--secondary-text-color)); }
  .names { flex: 1; min-width: 0; }
  .time { display: block; font-size: 12px; line-height: 16px; }
  .number { font-size: 18px; white-space: nowrap; }
`;
const TABLE_STYLE = `
  ha-card { padding: 8px 16px; box-sizing: border-box; overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: 6px 4px; text-align: end; font-weight: normal; }
  thead th { font-size: 12px; line-height: 16px; vertical-align: bottom; color: var(--secondary-text-color); }
  th:first-child { text-align: start; white-space: nowrap; }
  tr + tr > *, tbody tr > * { border-top: 1px solid var(--divider-color); }
`;

class StillCard extends PanelCard {
  entities() {
    return [];
  }
}

class RecordList extends StillCard {
  /** The hours of the records that were found. */
  times = new Map();

  constructor() {
    super(LIST_STYLE);
  }

  async load() {
    if (this.isRequested) return;
    this.isRequested = true;
    await Promise.all(this.config.records.map((record) => this.find(record)));
  }

  /** Find the hour of a record, and show it. */
  async find(record) {
    try {
      this.times.set(record, formatHour(this.home, await findHour(this.home, record.extreme)));
    } catch (error) {
      console.warn("anavi_weather: cannot read the statistics:", error);
      this.times.set(record, "");
    }
    this.draw();
  }

  draw() {
    const items = this.config.records.map((record) => {
      const time = element("span", { className: "time secondary" }, this.times.get(record) ?? "…");
      return element(
        "li",
        {},
        element("ha-icon", { icon: record.icon }),
        element("span", { className: "names" }, record.name, time),
        element("span", { className: "number" }, record.value),
      );
    });
    this.card.replaceChildren(element("ul", {}, ...items));
  }
}

class DayTable extends StillCard {
  constructor() {
    super(TABLE_STYLE);
  }

  draw() {
    const { titles, days } = this.config;
    const head = element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
    const rows = days.map(([day, ...values]) =>
      element("tr", {}, element("th", { scope: "row" }, day), ...values.map((value) => element("td", {}, value))),
    );
    this.card.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
  }
}

define("anavi-weather-record-list", RecordList);
define("anavi-weather-day-table", DayTable);

const FULL = { columns: "full", rows: "auto" };

/** Return the card of records, each with an icon, a name, a value, and the extreme whose hour the card finds. */
export const recordList = (records) => ({ type: "custom:anavi-weather-record-list", records, grid_options: FULL });

/** Return the card of days, each with its name and its values. */
export const dayTable = (titles, days) => ({ type: "custom:anavi-weather-day-table", titles, days, grid_options: FULL });
