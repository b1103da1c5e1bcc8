import stringWidth from 'string-width';

/** One column: its heading, and whether it is aligned right. */
export interface Column {
  readonly title: string;
  /** @default false */
  readonly right?: boolean;
}

/** Lines of a table with columns as wide as their cells on a terminal. The last column is not padded. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(...[title, ...rows.map((row) => row[index] ?? '')].map((cell) => stringWidth(cell))),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ right }, index) => {
        const cell = cells[index] ?? '';
        if (index === columns.length - 1 && !right) return cell;
        const padding = ' '.repeat(widths[index]! - stringWidth(cell));
        return right ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}
