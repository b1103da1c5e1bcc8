import { expect, test } from 'vitest';
import type { ControllerDeps } from '../../../../functions/mnsoss-controller/deps.ts';
import type { KubeObject } from '../../../../functions/mnsoss-controller/kubernetes/resources.ts';
import type { Source } from '../../../../functions/mnsoss-controller/source/source.ts';
import { markAll } from '../../../../functions/mnsoss-controller/status/conditions.ts';
import { type Findings, report } from '../../../../functions/mnsoss-controller/status/report.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { aSource } from '../objects.ts';

function deps() {
  const written: KubeObject[] = [];
  const notes: string[] = [];
  const some = {
    cluster: { applyStatus: async (_: unknown, object: KubeObject) => void written.push(object) },
    record: async (_: KubeObject, { reason }: { reason: string }) => void notes.push(reason),
    clock: manualClock(),
    options: { resyncSeconds: 30 },
  };
  return { written, notes, deps: some as unknown as ControllerDeps };
}

/** As the API server gives it. */
const stored = (status: unknown) => JSON.parse(JSON.stringify(status)) as Source['status'];

const READY: Findings = {
  conditions: markAll({ status: 'True' }),
  facts: { queue: 'q', topic: undefined, sinkUri: 'http://sink', sinkCACerts: undefined, consumers: 1 },
  settled: true,
};

test('a pass that finds what the status says writes nothing and records no event', async () => {
  const { written, notes, deps: some } = deps();
  const source = aSource() as Source;
  await report(source, READY, some);

  const decision = await report({ ...source, status: stored(written[0]!.status) }, READY, some);

  expect(written).toHaveLength(1);
  expect(notes).toEqual(['Ready']);
  expect(decision).toEqual({ after: 30_000 });
});

test('what a pass did not find is removed from the status', async () => {
  const { written, deps: some } = deps();
  const source: Source = { ...aSource(), status: stored({ sinkCACerts: 'old', queue: 'q' }) };

  await report(source, READY, some);

  expect(written[0]!.status).not.toHaveProperty('sinkCACerts');
});

test('a source that is not ready is looked at again soon', async () => {
  const { deps: some } = deps();
  const conditions = markAll({ status: 'Unknown', reason: 'Waiting', message: 'waits' });

  await expect(report(aSource() as Source, { ...READY, conditions }, some)).resolves.toBe('failed');
});
