/** One column: its heading, and whether it is flush right. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Lines of a table as wide as its cells; the last column is not padded. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ right }, index) => {
        const cell = cells[index] ?? '';
        if (index === columns.length - 1 && !right) return cell;
        const padding = ' '.repeat(widths[index]! - width(cell));
        return right ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

/** Cells on a terminal: East Asian wide characters and emoji take two, combining marks none. */
export function width(text: string): number {
  let cells = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    cells += WIDE.test(character) ? 2 : 1;
  }
  return cells;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
