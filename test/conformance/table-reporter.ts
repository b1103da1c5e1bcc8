import type { Reporter, TestModule } from 'vitest/node';
import { formatTable } from '../../cli/table.ts';
import { ROUTES as MNS_ROUTES } from '../../local/mns/routes.ts';
import { ROUTES as OSS_ROUTES } from '../../local/oss/routes.ts';

interface Cell {
  readonly operation: string;
  readonly client: string;
  readonly official: boolean;
  passed: number;
  failed: number;
  skipped: number;
}

/** `claimed`: tagged as proven by an official SDK. */
const SERVICES = [
  {
    service: 'OSS',
    routes: OSS_ROUTES.map(({ operation, fidelity }) => ({ operation, claimed: fidelity === 'sdk' })),
  },
  {
    service: 'MNS',
    routes: MNS_ROUTES.map(({ operation, fidelity }) => ({ operation, claimed: fidelity === 'sdk' })),
  },
];

/**
 * Prints operation × client. Fails the run when an operation is tagged as proven by an official SDK and none of its
 * tests through that SDK passed: then the tag is wrong, or a test is missing.
 */
export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cells = collect(modules);
    for (const { service, routes } of SERVICES) {
      const operations = unique(routes.map(({ operation }) => operation));
      const ofService = cells.filter(({ operation }) => operations.includes(operation));
      const clients = unique(ofService.map(({ client }) => client));
      if (clients.length === 0) continue;
      const find = (operation: string, client: string) =>
        ofService.find((cell) => cell.operation === operation && cell.client === client);
      const rows = operations.map((operation) => [
        operation,
        ...clients.map((client) => describe(find(operation, client))),
      ]);
      print(...formatTable([{ title: service }, ...clients.map((title) => ({ title }))], rows));

      const isProven = (operation: string) =>
        ofService.some((cell) => cell.operation === operation && cell.official && cell.passed > 0);
      const unproven = unique(
        routes
          .filter(({ operation, claimed }) => claimed && !isProven(operation))
          .map(({ operation }) => operation),
      );
      if (unproven.length > 0) {
        print(`TAGGED sdk BUT NOT PROVEN BY AN OFFICIAL CLIENT: ${unproven.join(', ')}`);
        process.exitCode = 1;
      }
    }
    for (const client of unique(cells.filter(({ skipped }) => skipped > 0).map((cell) => cell.client))) {
      print(`NOT RUN: ${client}`);
    }
  }
}

function collect(modules: readonly TestModule[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { operation, client, official = false } = test.meta();
      if (operation === undefined || client === undefined) continue;
      const id = `${operation} ${client}`;
      const cell = cells.get(id) ?? { operation, client, official, passed: 0, failed: 0, skipped: 0 };
      const { state } = test.result();
      if (state !== 'pending') cell[state]++;
      cells.set(id, cell);
    }
  }
  return [...cells.values()];
}

function describe(cell: Cell | undefined): string {
  if (!cell) return 'not offered';
  const { passed, failed, skipped } = cell;
  if (failed > 0) return `FAIL ${failed} of ${passed + failed}`;
  return skipped > 0 ? 'NOT RUN' : `ok ${passed}`;
}

function print(...lines: string[]): void {
  process.stdout.write(`\n${lines.join('\n')}\n`);
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
