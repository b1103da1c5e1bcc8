/** How the pixels of a new row or column are made of old ones: each is a weighted sum of neighbours. */
export interface Axis {
  /** Number of new pixels. */
  readonly count: number;
  /** The first old pixel of each new one. */
  readonly first: Int32Array;
  /** Number of old pixels of each new one, 1 or more. */
  readonly used: Int32Array;
  /** The highest of these numbers. */
  readonly taps: number;
  /** `taps` weights per new pixel; those that are not used are 0. */
  readonly weights: Float32Array;
  /** All weights of a new pixel but the first and the last are equal. */
  readonly isEven: boolean;
  /** Old pixels that are used: from `from` to before `to`. */
  readonly from: number;
  readonly to: number;
}

/** Each new pixel is the mean of the part of `length` that it covers. */
export function coveringAxis(length: number, count: number): Axis {
  const covered = length / count;
  const axis = emptyAxis(length, count, Math.ceil(covered) + 1, true);
  for (let i = 0; i < count; i++) {
    const [start, end] = [i * covered, (i + 1) * covered];
    axis.place(i, Math.floor(start), Math.min(length, Math.ceil(end)) - 1);
    for (let at = Math.floor(start); at < Math.min(length, Math.ceil(end)); at++)
      axis.add(i, at, (Math.min(end, at + 1) - Math.max(start, at)) / covered);
  }
  return axis.finished();
}

/**
 * Each new pixel is the mean of `samples` positions, interpolated between two old pixels. New pixel `i` is at
 * `start + i × step`. What is outside `length` is black.
 */
export function samplingAxis(
  length: number,
  { start, step, count, samples }: { start: number; step: number; count: number; samples: number },
): Axis {
  const reach = Math.abs(step) * (0.5 - 0.5 / samples);
  const axis = emptyAxis(length, count, Math.ceil(2 * reach) + 2, false);
  for (let i = 0; i < count; i++) {
    const middle = start + step * i;
    axis.place(i, Math.floor(middle - reach), Math.floor(middle + reach) + 1);
    for (let sample = 0; sample < samples; sample++) {
      const x = middle + step * ((sample + 0.5) / samples - 0.5);
      const left = Math.floor(x);
      axis.add(i, left, (1 - (x - left)) / samples);
      axis.add(i, left + 1, (x - left) / samples);
    }
  }
  return axis.finished();
}

function emptyAxis(length: number, count: number, most: number, isEven: boolean) {
  const taps = Math.min(length, most + 1);
  const first = new Int32Array(count);
  const used = new Int32Array(count);
  const weights = new Float32Array(count * taps);
  return {
    /** Says which old pixels are used, as far as they are inside. */
    place(i: number, low: number, high: number): void {
      first[i] = Math.min(Math.max(0, low), length - 1);
      used[i] = Math.max(1, Math.min(high, length - 1) - first[i]! + 1);
    },
    add(i: number, at: number, weight: number): void {
      const tap = at - first[i]!;
      if (tap >= 0 && tap < used[i]!) weights[i * taps + tap]! += weight;
    },
    finished(): Axis {
      const from = first.reduce((least, at) => Math.min(least, at), length);
      const to = first.reduce((most, at, i) => Math.max(most, at + used[i]!), 0);
      return { count, first, used, taps, weights, isEven, from, to };
    },
  };
}
