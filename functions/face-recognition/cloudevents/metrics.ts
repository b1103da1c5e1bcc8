import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { InvocationReport } from '../report.ts';

export interface ReceiverMetrics {
  readonly registry: Registry;
  countRequest(status: number, seconds: number): void;
  countRecords(report: InvocationReport): void;
}

const REQUEST_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
const STAGE_BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 15];

export interface MetricsSource {
  readonly inFlight: () => number;
  readonly ready: () => boolean;
}

/** Prometheus metrics of the receiver. */
export function createReceiverMetrics({ inFlight, ready }: MetricsSource): ReceiverMetrics {
  const registry = new Registry();
  const named = (name: string, help: string) => ({
    name: `mnsoss_receiver_${name}`,
    help,
    registers: [registry],
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...named(name, help),
      collect() {
        this.set(read());
      },
    });

  const requests = new Histogram({
    ...named('request_seconds', 'Seconds from a request to its answer, by status.'),
    labelNames: ['status'],
    buckets: REQUEST_BUCKETS,
  });
  const records = new Counter({
    ...named('records_total', 'Records of events, by outcome; undone records are delivered again.'),
    labelNames: ['outcome'],
  });
  const unreadable = new Counter(named('unreadable_total', 'Parts of events that match no envelope.'));
  const faces = new Counter(named('faces_total', 'Faces found.'));
  const stages = new Histogram({
    ...named('stage_seconds', 'Seconds per stage of an image.'),
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
  });
  gauge('in_flight', 'Requests in progress.', inFlight);
  gauge('ready', '1 when models are loaded and the receiver is not stopping.', () => Number(ready()));

  return {
    registry,
    countRequest: (status, seconds) => requests.observe({ status }, seconds),
    countRecords(report) {
      unreadable.inc(report.faults.length);
      for (const record of report.records) {
        records.inc({ outcome: record.outcome });
        if (record.outcome === 'undone') continue;
        if (record.outcome === 'processed') faces.inc(record.faces);
        for (const [stage, ms] of Object.entries(record.durations)) stages.observe({ stage }, ms / 1000);
      }
    },
  };
}
