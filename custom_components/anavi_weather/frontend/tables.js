/** Cards of the records view: a list of records, and a table of days. All texts are shown verbatim. */

import { define, element, PanelCard } from "./card.js";

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
  constructor() {
    super(LIST_STYLE);
  }

  draw() {
    const items = this.config.records.map(({ icon, name, value, time }) =>
      element(
        "li",
        {},
        element("ha-icon", { icon }),
        element("span", { className: "names" }, name, element("span", { className: "time secondary" }, time)),
        element("span", { className: "number" }, value),
      ),
    );
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

/** Return the card of records, each with an icon, a name, a value and a time. */
export const recordList = (records) => ({ type: "custom:anavi-weather-record-list", records, grid_options: FULL });

/** Return the card of days, each with its name and its values. */
export const dayTable = (titles, days) => ({ type: "custom:anavi-weather-day-table", titles, days, grid_options: FULL });
