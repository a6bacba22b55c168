/** Sections and lists, which every view has. */

import { ENTITY_NAME, heading } from "./names.js";

/** Return a section with a heading, or nothing if it has no cards. */
export const section = (title, icon, cards, options = {}) =>
  cards.length ? [{ type: "grid", cards: [heading(title, icon), ...cards], ...options }] : [];

/** Return an entity's row in a list or graph. */
export const row = ({ id }) => ({ entity: id, name: ENTITY_NAME });

/** Return a list of entities, or nothing if there are none. */
export const list = (entities) => (entities.length ? [{ type: "entities", entities: entities.map(row) }] : []);

/** Return a card with a sentence of ours. */
export const note = (content) => ({ type: "markdown", content, text_only: true });
