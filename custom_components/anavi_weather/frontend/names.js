/** Names for cards. */

/** An entity's own name, without its device's: that is the title of the view. */
export const ENTITY_NAME = { type: "entity" };

/** Return a heading; what it says is shown as it is, never as HTML or a template. */
export const heading = (text, icon, style = "title") => ({ type: "heading", heading: text, icon, heading_style: style });
