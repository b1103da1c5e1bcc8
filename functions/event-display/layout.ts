const INDENT = '    ';

/**
 * JSON in the format of ACK's event-display: a container with one element stays on one line. With more elements, each has its
 * own line, with four spaces per level, and closing brackets follow the last element.
 */
export function layOut(value: unknown, level = 0): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => layOut(item, level + 1));
    return `[${join(items, level)}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${layOut(member, level + 1)}`,
  );
  return `{${join(members, level)}}`;
}

function join(elements: readonly string[], level: number): string {
  if (elements.length < 2) return elements.join('');
  const line = `\n${INDENT.repeat(level + 1)}`;
  return line + elements.join(`,${line}`);
}
