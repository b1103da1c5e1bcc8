import stringWidth from 'string-width';
import { visible } from '../shared/runtime/visible.ts';

/** One column: its heading, and whether it is aligned right. */
export interface Column {
  readonly title: string;
  /** @default false */
  readonly right?: boolean;
}

/** Lines of a table of visible text, with columns as wide as their cells on a terminal. The last column is not padded. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(visible));
  const widths = columns.map(({ title }, index) =>
    Math.max(...[title, ...shown.map((row) => row[index] ?? '')].map((cell) => stringWidth(cell))),
  );
  const lineOf = (cells: readonly string[]) =>
    columns
      .map(({ right }, index) => {
        const cell = cells[index] ?? '';
        if (index === columns.length - 1 && !right) return cell;
        const padding = ' '.repeat(widths[index]! - stringWidth(cell));
        return right ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [columns.map(({ title }) => title), ...shown].map(lineOf);
}
