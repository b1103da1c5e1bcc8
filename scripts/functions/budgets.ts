import type { BundledEntry } from './javascript.ts';

/** Maximum KB of JavaScript that a program loads at once. To grow beyond it, raise the budget on purpose. */
const JAVASCRIPT_KB: Readonly<Record<string, number>> = {
  'face-recognition/index': 200,
  'mns-poller/index': 120,
  // The official client contains a model of every object of Kubernetes.
  'mnsoss-controller/server': 2000,
};

/** For programs that start rarely and run for a long time. */
const OTHER_KB = 300;

/** Maximum MB of a zip without models. */
const ZIP_MB = 10;

const kb = (bytes: number) => `${Math.ceil(bytes / 1024)} KB`;

/** Throws if a program exceeds its budget, and names its largest inputs. */
export function assertJavascript(program: string, { bytes, largest }: BundledEntry): void {
  const budget = (JAVASCRIPT_KB[program] ?? OTHER_KB) * 1024;
  if (bytes <= budget) return;
  const parts = largest.slice(0, 10).map(([size, source]) => `  ${kb(size)} ${source}`);
  throw new Error(`${program}.js has ${kb(bytes)}, its budget is ${kb(budget)}:\n${parts.join('\n')}`);
}

export function assertZip(name: string, bytes: number): void {
  const budget = ZIP_MB * 1024 * 1024;
  if (bytes > budget) throw new Error(`${name}.zip has ${kb(bytes)}, the budget of a zip is ${kb(budget)}`);
}
