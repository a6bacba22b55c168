/** Card of the chips that do not work, each with a link to its repair. Hidden while all chips work. */

import { define, element, PanelCard } from "./card.js";
import { texts } from "./texts.js";

const DOMAIN = "anavi_weather";
const REPAIRS = "/config/repairs";
const CHANGED = "repairs_issue_registry_updated";

const STYLE = `
  :host([hidden]) { display: none; }
  .issue { display: flex; align-items: center; gap: 12px; min-height: 56px; height: auto; padding: 8px 16px; container-type: normal; }
  .issue ha-icon { color: var(--warning-color); }
  .issue span { flex: 1; }
`;

class IssuesCard extends PanelCard {
  /** Home Assistant's grid removes hidden cards that do not ask to stay. */
  connectedWhileHidden = true;

  constructor() {
    super(STYLE);
  }

  setConfig(config) {
    super.setConfig(config);
    this.hidden = true;
  }

  connectedCallback() {
    super.connectedCallback();
    if (this.home) this.follow();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe?.then((stop) => stop(), () => {});
    this.unsubscribe = undefined;
  }

  entities() {
    return [];
  }

  /** Follow the changes of repairs. */
  follow() {
    this.unsubscribe ??= this.home.connection.subscribeEvents(() => this.load(), CHANGED);
    this.unsubscribe.catch((error) => console.warn("anavi_weather: cannot follow repairs:", error));
  }

  async load() {
    this.follow();
    try {
      const [{ issues }, localize] = await Promise.all([
        this.home.callWS({ type: "repairs/list_issues" }),
        this.home.loadBackendTranslation("issues", DOMAIN),
      ]);
      const prefix = `chip_${this.config.entry}_`;
      const ours = issues.filter(({ domain, issue_id: id, ignored }) => domain === DOMAIN && id.startsWith(prefix) && !ignored);
      this.show(ours.map((issue) => this.issue(issue, localize)));
    } catch (error) {
      console.warn("anavi_weather: cannot list the repairs:", error);
    }
  }

  issue({ translation_key: key, translation_placeholders: placeholders }, localize) {
    const title = localize(`component.${DOMAIN}.issues.${key}.title`, placeholders) || placeholders.chip;
    const parts = [element("ha-icon", { icon: "mdi:chip" }), element("span", {}, title)];
    // Only an administrator can open repairs.
    if (!this.home.user?.is_admin) return element("div", { className: "issue" }, ...parts);
    const label = texts(this.home.locale.language).repair;
    return element("a", { className: "issue", href: REPAIRS }, ...parts, element("b", {}, label));
  }

  show(issues) {
    this.card.replaceChildren(...issues);
    this.hidden = !issues.length;
    const detail = { value: !this.hidden };
    this.dispatchEvent(new CustomEvent("card-visibility-changed", { detail, bubbles: true, composed: true }));
  }
}

define("anavi-weather-issues", IssuesCard);

/** Return the card of a station's chips that do not work. */
export const chipIssues = (entryId) => ({ type: "custom:anavi-weather-issues", entry: entryId });
