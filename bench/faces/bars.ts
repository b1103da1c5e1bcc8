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

const BARS = {
  recall: 0.95,
  precision: 0.97,
  truePositives: 0.985,
  togetherAccepted: 0.01,
  gender: 0.97,
  ageError: 6,
  processesRatio: 1.7,
};

/** Missed bars as text. The measured share counts, not its interval, which is wide for some hundred faces. */
export function checkBars(
  name: string,
  { detection, verification, attributes, processes }: Measured,
): string[] {
  const faults: string[] = [];
  const atLeast = (what: string, value: number, bar: number) => {
    if (!(value >= bar)) faults.push(`${name}: ${what} is ${percent(value)}, the bar ${percent(bar)}`);
  };
  if (detection) {
    atLeast('recall of clear faces', detection.clear.share, BARS.recall);
    atLeast('precision', detection.precision.share, BARS.precision);
  }
  if (verification) {
    atLeast('true positives at 0.1 % of strangers', verification.truePositives.share, BARS.truePositives);
    const { share } = verification.match.together;
    if (!(share <= BARS.togetherAccepted)) {
      faults.push(`${name}: ${percent(share)} of strangers in one photo pass, the bar is 1 %`);
    }
  }
  if (attributes) {
    atLeast('gender', attributes.gender.share, BARS.gender);
    const { error } = attributes.age;
    if (!(error <= BARS.ageError))
      faults.push(`${name}: age is off by ${error.toFixed(1)} years, the bar is 6`);
  }
  if (processes && processes.workers > 1) {
    const ratio = quantile(processes.ratios, 0.5);
    if (!(ratio >= BARS.processesRatio)) {
      faults.push(
        `${processes.workers} processes do ${ratio.toFixed(2)} times the images of one, the bar is 1.7`,
      );
    }
  }
  return faults;
}
