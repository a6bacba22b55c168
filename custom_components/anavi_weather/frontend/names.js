/** Names and headings of cards. */

/** The entity's name without the device's name, which is the title of the view. */
export const ENTITY_NAME = { type: "entity" };

/** Return a heading. Its text is shown verbatim, never as HTML or a template. */
export const heading = (text, icon, style = "title") => ({ type: "heading", heading: text, icon, heading_style: style });
