/** Attributes of a CloudEvent by name. */
export type Attributes = Readonly<Record<string, unknown>>;

type Texts = Readonly<Record<string, string>>;

/** Each filter has one dialect. Source: CloudEvents Subscriptions API, "Filter Dialects"; `cesql` is not supported. */
export interface Filter {
  readonly exact?: Texts;
  readonly prefix?: Texts;
  readonly suffix?: Texts;
  readonly all?: readonly Filter[];
  readonly any?: readonly Filter[];
  readonly not?: Filter;
  readonly cesql?: string;
}

export interface Filtered {
  readonly filters?: readonly Filter[];
  readonly filter?: { readonly attributes?: Texts };
}

/** Whether the event passes all `filters`, which override the older `filter.attributes`. */
export function passes({ filters, filter }: Filtered, event: Attributes): boolean {
  if (filters?.length) return filters.every((one) => matches(one, event));
  return holds(filter?.attributes, event, (value, wanted) => wanted === '' || value === wanted);
}

function matches(filter: Filter, event: Attributes): boolean {
  if (filter.cesql !== undefined) throw new Error('filters in CESQL are not supported here');
  if (filter.all) return filter.all.every((one) => matches(one, event));
  if (filter.any) return filter.any.some((one) => matches(one, event));
  if (filter.not) return !matches(filter.not, event);
  return (
    holds(filter.exact, event, (value, wanted) => value === wanted) &&
    holds(filter.prefix, event, (value, wanted) => value.startsWith(wanted)) &&
    holds(filter.suffix, event, (value, wanted) => value.endsWith(wanted))
  );
}

/** A missing attribute never matches. */
function holds(
  wanted: Texts | undefined,
  event: Attributes,
  test: (value: string, wanted: string) => boolean,
): boolean {
  return Object.entries(wanted ?? {}).every(([name, text]) => {
    const value = event[name];
    return value !== undefined && value !== null && test(String(value), text);
  });
}
