import type { Attributes } from './attributes.ts';
import type { Detection } from './detection.ts';
import type { Processes } from './speed.ts';
import { percent, quantile } from './statistics.ts';
import type { Verification } from './verification.ts';

interface Measured {
  readonly detection?: Detection;
  readonly verification?: Verification;
  readonly attributes?: Attributes;
  readonly processes?: Processes;
}

/** Missed bars as text. The measured share counts, not its interval, which is wide for some hundred faces. */
export function checkBars(name: string, measured: Measured): string[] {
  const { detection, verification, attributes, processes } = measured;
  const faults: string[] = [];
  const demand = (holds: boolean, what: string, bar: string) => {
    if (!holds) faults.push(`${name}: ${what}, the bar is ${bar}`);
  };
  const atLeast = (what: string, value: number, bar: number) =>
    demand(value >= bar, `${what} is ${percent(value)}`, percent(bar));
  if (detection) {
    atLeast('recall of clear faces', detection.clear.share, 0.95);
    atLeast('precision', detection.precision.share, 0.97);
  }
  if (verification) {
    atLeast('true positives at 0.1 % of strangers', verification.truePositives.share, 0.985);
    const { share } = verification.match.together;
    demand(share <= 0.01, `${percent(share)} of strangers in one photo pass`, '1 %');
  }
  if (attributes) {
    atLeast('gender', attributes.gender.share, 0.97);
    const { error } = attributes.age;
    demand(error <= 6, `age is off by ${error.toFixed(1)} years`, '6');
  }
  if (processes && processes.workers > 1) {
    const ratio = quantile(processes.ratios, 0.5);
    demand(
      ratio >= 1.7,
      `${processes.workers} processes do ${ratio.toFixed(2)} times the images of one`,
      '1.7',
    );
  }
  return faults;
}
