export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `median (min–max)`. */
export function spread(values: readonly number[], digits: number): string {
  const at = (value: number) => value.toFixed(digits);
  return `${at(median(values))} (${at(Math.min(...values))}–${at(Math.max(...values))})`;
}

export function ms(values: readonly number[]): string {
  return `${spread(values, 0)} ms`;
}
