import { invalidArgument } from '../errors.ts';

/** The `<name>_<value>` pairs of one step; a name alone has an empty value. */
export type Parameters = ReadonlyMap<string, string>;

export interface Area {
  readonly width: number;
  readonly height: number;
}

export function parseStep(text: string): { name: string; parameters: Parameters } {
  const [name = '', ...rest] = text.split(',');
  const parameters = new Map<string, string>();
  for (const parameter of rest.filter((each) => each !== '')) {
    const underscore = parameter.indexOf('_');
    if (underscore < 0) parameters.set(parameter, '');
    else parameters.set(parameter.slice(0, underscore), parameter.slice(underscore + 1));
  }
  return { name, parameters };
}

export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= min && value <= max) return value;
  throw invalidArgument(name, text, `${name} must be ${min} to ${max}.`);
}

/** doc: nine positions, named like the points of a compass. Returns column and row, each 0 to 2. */
export function readGravity(text: string): { column: number; row: number } {
  const at = 'nw north ne west center east sw south se'.split(' ').indexOf(text);
  if (at < 0) throw invalidArgument('g', text);
  return { column: at % 3, row: Math.floor(at / 3) };
}

/** The upper left corner of an area at a distance of `x` and `y` from the edges of the frame that its gravity names. */
export function placeIn(
  frame: Area,
  area: Area,
  gravity: string,
  { x, y }: { x: number; y: number },
): { left: number; top: number } {
  const { column, row } = readGravity(gravity);
  const along = (space: number, third: number, offset: number) => {
    const start = third === 2 ? space - offset : Math.round((space * third) / 2) + (third === 0 ? offset : 0);
    return Math.min(Math.max(0, start), Math.max(0, space));
  };
  return {
    left: along(frame.width - area.width, column, x),
    top: along(frame.height - area.height, row, y),
  };
}
