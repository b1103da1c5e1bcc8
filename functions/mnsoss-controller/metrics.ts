import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { KubeObject } from './kubernetes/resources.ts';
import type { SourceStatus } from './source/status-schema.ts';

export interface ControllerMetrics {
  readonly registry: Registry;
  /** `settled`: nothing to do until the next resync. `waiting`: for a person or another service. */
  reconciled(result: 'settled' | 'waiting' | 'error', ms: number): void;
  watch(state: { leading: () => boolean; depth: () => number; sources: () => KubeObject[] }): void;
}

const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

export function createMetrics(): ControllerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const reconciles = new Counter({
    name: 'mnsoss_controller_reconciles_total',
    help: 'Passes over a source, by result.',
    labelNames: ['result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'mnsoss_controller_reconcile_seconds',
    help: 'Seconds of one pass over a source.',
    buckets: BUCKETS,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `mnsoss_controller_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  return {
    registry,
    reconciled(result, ms) {
      reconciles.inc({ result });
      seconds.observe(ms / 1000);
    },
    watch({ leading, depth, sources }) {
      gauge('leading', '1 on the replica that reconciles.', () => Number(leading()));
      gauge('queue_depth', 'Sources that wait to be reconciled or are being reconciled.', depth);
      new Gauge({
        name: 'mnsoss_controller_sources',
        help: 'Sources, by the status of their Ready condition.',
        labelNames: ['ready'],
        registers,
        collect() {
          this.reset();
          for (const { status } of sources()) this.inc({ ready: readiness(status as SourceStatus) });
        },
      });
    },
  };
}

function readiness(status: SourceStatus = {}): string {
  return status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}
