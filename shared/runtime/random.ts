/** Returns a number in [0, 1). Passed in wherever behaviour depends on randomness. */
export type Random = () => number;

/** Random digits: hexadecimal in lower case, or 0-9 and a-z. */
export function randomDigits(random: Random, length: number, radix: 16 | 36 = 16): string {
  let text = '';
  while (text.length < length) {
    text += Math.floor(random() * radix ** 8)
      .toString(radix)
      .padStart(8, '0');
  }
  return text.slice(0, length);
}

/** A small seeded generator (mulberry32) for tests, benchmarks and fault injection. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
