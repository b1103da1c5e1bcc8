const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Seconds of an ISO 8601 duration that the spec's schema has accepted: at least one, and at most `max`. */
export function wholeSeconds(duration: string | undefined, max: number): number | undefined {
  if (duration === undefined) return undefined;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(duration) ?? [];
  const exact = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return Math.min(max, Math.max(1, Math.round(exact)));
}
