const PARTS = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Of an ISO 8601 duration that the spec's schema has let through: at least one second, and at most `most`. */
export function wholeSeconds(duration: string | undefined, most: number): number | undefined {
  if (duration === undefined) return undefined;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = PARTS.exec(duration) ?? [];
  const exact = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return Math.min(most, Math.max(1, Math.round(exact)));
}
