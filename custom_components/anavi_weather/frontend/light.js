/** Levels of light on a logarithmic scale, on which a living room and the sun both have a place. */

const BRIGHTEST = 100_000; // lx, direct sunlight

/** Upper limits in lx, as in tables of illuminance, with the keys of the levels' texts. */
const LEVELS = [
  [1, "night"],
  [20, "twilight"],
  [100, "dimLight"],
  [1_000, "indoorLight"],
  [10_000, "overcastSky"],
  [30_000, "daylight"],
  [Infinity, "sunlight"],
];

/** Return the logarithm of an illuminance, of which less than 1 lx is 0. */
export const logarithm = (lux) => Math.log10(Math.max(lux, 1));

/** Return the place on the scale, from 0 to 1. */
export const brightness = (lux) => Math.min(logarithm(lux) / Math.log10(BRIGHTEST), 1);

/** Return the key of the level's text. */
export const lightLevel = (lux) => LEVELS.find(([limit]) => lux < limit)[1];
