/** `count` divided by `total`, and its 95 % confidence interval (Wilson's score). */
export interface Share {
  readonly count: number;
  readonly total: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

const Z = 1.96;

export function shareOf(count: number, total: number): Share {
  if (total === 0) return { count, total, share: Number.NaN, low: 0, high: 1 };
  const share = count / total;
  const middle = share + (Z * Z) / (2 * total);
  const reach = Z * Math.sqrt((share * (1 - share)) / total + (Z * Z) / (4 * total * total));
  const scale = 1 + (Z * Z) / total;
  return {
    count,
    total,
    share,
    low: Math.max(0, (middle - reach) / scale),
    high: Math.min(1, (middle + reach) / scale),
  };
}

export function percent(value: number, digits = 1): string {
  return `${(value * 100).toFixed(digits)} %`;
}

/** `96.1 % (124 of 129; 91.2–98.3 %)`. */
export function describeShare({ count, total, share, low, high }: Share, digits = 1): string {
  const between = `${(low * 100).toFixed(digits)}–${percent(high, digits)}`;
  return `${percent(share, digits)} (${count} of ${total}; ${between})`;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
