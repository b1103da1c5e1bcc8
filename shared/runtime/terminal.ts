import pc from 'picocolors';
import { visible } from './visible.ts';

/** One line for the terminal. Its text is safe: only `line` and `style` make it. */
export interface Line {
  readonly safe: string;
}

/** What a line consists of. Strings may come from anybody. */
export type Words = string | number | Line;

const safeOf = (words: Words): string => (typeof words === 'object' ? words.safe : visible(String(words)));

/** A template whose values are made visible, or are styled: `` line`${style.red(code)}: ${message}` ``. */
export function line(template: TemplateStringsArray, ...values: readonly Words[]): Line {
  return { safe: String.raw({ raw: template }, ...values.map(safeOf)) };
}

const styled = (format: (text: string) => string) => (words: Words) => ({ safe: format(safeOf(words)) });

/** Colors and weights, where the terminal has them. */
export const style: Readonly<Record<'bold' | 'cyan' | 'dim' | 'red', (words: Words) => Line>> = {
  bold: styled(pc.bold),
  cyan: styled(pc.cyan),
  dim: styled(pc.dim),
  red: styled(pc.red),
};

/** Writes each of the lines to standard output. Every character that is not text is made visible. */
export function print(...lines: readonly Words[]): void {
  for (const words of lines) process.stdout.write(`${safeOf(words)}\n`);
}

/** Writes each of the lines to standard error. */
export function printError(...lines: readonly Words[]): void {
  for (const words of lines) process.stderr.write(`${safeOf(words)}\n`);
}
