import { median } from '../slice/statistics.ts';
import type { Result } from './compete.ts';
import type { Scenario } from './scenarios.ts';

/** The bars that our poller missed, as text. Some compare it with the rivals of the same runs. */
export function missedBars(scenario: Scenario, results: ReadonlyMap<string, readonly Result[]>): string[] {
  const of = (name: string, figure: string) =>
    median(results.get(name)!.map(({ figures }) => figures[figure]!));
  const ours = (figure: string) => of('ours', figure);
  const rivals = [...results.keys()].filter((name) => name !== 'ours');
  const missed: string[] = [];
  const demand = (holds: boolean, otherwise: string) => {
    if (!holds) missed.push(otherwise);
  };
  switch (scenario.name) {
    case 'no-op':
      for (const rival of rivals) {
        demand(ours('µs CPU/msg') < of(rival, 'µs CPU/msg'), `not less CPU per message than ${rival}`);
      }
      break;
    case 'skew': {
      const ideal = idealRate(scenario);
      demand(ours('msg/s') >= 0.95 * ideal, `less than 95 % of ${ideal.toFixed(0)} msg/s`);
      demand(ours('receives') < scenario.messages / 2, `${scenario.messages / 2} receives or more`);
      break;
    }
    case 'long':
      demand(ours('repeated tries') === 0, 'repeated although visibility is renewed');
      break;
    case 'stop':
      demand(ours('repeated tries') === 0, 'repeated after a clean stop');
      break;
    case 'down':
      demand(ours('failed requests') <= 10, 'more than 10 failed requests in 5 s');
      break;
    case 'idle':
      demand(ours('requests') <= 3, 'more than 3 requests in 60 s');
      break;
  }
  return missed;
}

/** Messages per second, in order, if no handler is idle while a message is left. */
function idealRate({ messages, concurrency, workMs }: Scenario): number {
  const freeAt = new Array<number>(concurrency).fill(0);
  for (let index = 0; index < messages; index++) {
    const next = freeAt.indexOf(Math.min(...freeAt));
    freeAt[next]! += workMs(index);
  }
  return (messages / Math.max(...freeAt)) * 1000;
}
