/** A small graph of the last day. */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 100;
const HEIGHT = 30;
/** A longer gap in the readings breaks the line. The statistics of the hour in which Home Assistant started come later. */
const GAP = 90 * 60_000; // ms
/** The shortest time that a graph shows. */
const SHORTEST = 60 * 60_000; // ms

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Return the parts of a line without gaps. */
function withoutGaps(rows) {
  const parts = [];
  rows.forEach((row, index) => {
    if (!index || row.start - rows[index - 1].end > GAP) parts.push([]);
    parts.at(-1).push(row);
  });
  return parts;
}

/** Return a graph of statistics between two times, which begins later if there are none before. A scale such as Math.log10 can change the values. */
export function trend(rows, earliest, to, scale = (value) => value) {
  const shown = rows.filter(({ end }) => end > earliest);
  const from = Math.max(earliest, Math.min(shown[0]?.start ?? earliest, to - SHORTEST));
  const values = shown.map(({ mean }) => scale(mean));
  const lowest = Math.min(...values);
  const span = Math.max(...values) - lowest || 1;
  const x = ({ start, end }) => (((Math.max(start, from) + end) / 2 - from) / (to - from) * WIDTH).toFixed(2);
  const y = ({ mean }) => (HEIGHT - 2 - ((scale(mean) - lowest) / span) * (HEIGHT - 4)).toFixed(2);
  const graph = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const part of withoutGaps(shown)) {
    const line = part.map((row) => `${x(row)},${y(row)}`).join(" ");
    const area = `${x(part[0])},${HEIGHT} ${line} ${x(part.at(-1))},${HEIGHT}`;
    graph.append(shape("polygon", { points: area }), shape("polyline", { points: line }));
  }
  return graph;
}
