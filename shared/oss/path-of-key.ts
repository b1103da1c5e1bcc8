/**
 * Keys as paths of a file system, and back. Most keys are their own path, so that a person finds the files; what a
 * path cannot hold or would understand otherwise is escaped:
 *
 * - `%XX`: a control character, `%`, `\`, `:` and the dot that begins a name (`..` would lead out of the directory,
 *   `.mnsoss` is the store's own);
 * - `%_`: an empty name, as in `a//b` and `a/`;
 * - `%+` at the end of a directory's name: the name goes on in it, since names have at most 255 bytes;
 * - `%f` at the end of a file's name: it stands beside the directory of that name, as `a` beside `a/b`.
 */
const MAX_NAME_BYTES = 200;
const EMPTY = '%_';
const CONTINUED = '%+';
const BESIDE = '%f';

/** Relative path with `/`; `beside` gives the name of a file whose own name a directory has. */
export function pathOfKey(key: string, { beside = false }: { beside?: boolean } = {}): string {
  return key.split('/').map(escapeName).join('/') + (beside ? BESIDE : '');
}

/** `undefined` for a path that no key has, such as that of a foreign file with a `%` in its name. */
export function keyOfPath(path: string): string | undefined {
  const plain = path.endsWith(BESIDE) ? path.slice(0, -BESIDE.length) : path;
  const names = plain.replaceAll(`${CONTINUED}/`, '').split('/');
  const key = names.map(unescapeName).join('/');
  return pathOfKey(key) === plain ? key : undefined;
}

function escapeName(name: string): string {
  if (name === '') return EMPTY;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a name cannot hold
  return splitLong(escapeFirstDot(name.replace(/[\u0000-\u001f\u007f%\\:]/g, percentEncode)));
}

function escapeFirstDot(name: string): string {
  return name.startsWith('.') ? `%2E${name.slice(1)}` : name;
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function unescapeName(name: string): string {
  if (name === EMPTY) return '';
  return name.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Cuts between characters, and never within an escape. */
function splitLong(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const pieces: string[] = [];
  let piece = '';
  for (const character of name.match(/%[0-9A-F]{2}|./gsu)!) {
    if (Buffer.byteLength(piece + character) > MAX_NAME_BYTES) {
      pieces.push(piece + CONTINUED);
      piece = '';
    }
    piece = escapeFirstDot(piece + character);
  }
  return [...pieces, piece].join('/');
}
