import { ROUTES as FACEBODY_ROUTES } from '../local/facebody/routes.ts';
import { ROUTES as FC_ROUTES } from '../local/fc/routes.ts';
import { GET_LOGS, ROUTES as LOG_ROUTES } from '../local/logs/routes.ts';
import { ROUTES as MNS_ROUTES } from '../local/mns/routes.ts';
import { ROUTES as OSS_ROUTES, type Route } from '../local/oss/routes.ts';
import { ROUTES as RAM_ROUTES } from '../local/ram/routes.ts';
import { ROUTES as RULE_ROUTES } from '../local/rules/routes.ts';

const STATES: Record<Route['state'], string> = {
  full: 'works',
  stored: 'is stored and returned, and has no effect',
};

const FIDELITIES: Record<Route['fidelity'], string> = {
  sdk: 'a test uses it with an official SDK, and fails if that is not true',
  doc: "follows the service's documentation; no official SDK for Node offers it",
  guess: 'the documentation does not say; this is the most likely behaviour',
};

/** Every operation of the local cloud with its state and where its behaviour comes from. */
export function operationsPage(generated: string): string {
  return [
    '# Operations of the local cloud',
    '',
    generated,
    '',
    'How to use it: [local-cloud.md](local-cloud.md).',
    '',
    'State:',
    '',
    ...describe(STATES),
    '',
    'What the behaviour is based on:',
    '',
    ...describe(FIDELITIES),
    '',
    'An operation that is not listed is refused with `NotImplemented` (OSS), `InvalidRequestURL` (MNS) or',
    '`InvalidAction.NotFound` (management API, FaceBody), and `NotImplemented` again (Function Compute, RAM, Log Service): nothing',
    'is accepted and then silently ignored.',
    '',
    '## OSS',
    '',
    'If two operations have the same request, a parameter or header distinguishes them: `list-type=2`,',
    '`x-oss-copy-source`.',
    '',
    ...table(
      ['operation', 'request', 'RAM action', 'state', 'from'],
      byOperation(OSS_ROUTES).map(([operation, routes]) => [
        operation,
        routes.map((route) => code(requestOf(route))).join(', '),
        routes[0]!.action === '' ? '–' : code(routes[0]!.action),
        routes[0]!.state,
        routes[0]!.fidelity,
      ]),
    ),
    '',
    '## MNS 2015-06-06',
    '',
    ...table(
      ['operation', 'request', 'RAM action', 'state', 'from'],
      MNS_ROUTES.map(({ operation, method, path, only, action, fidelity }) => {
        const query = only && 'query' in only ? `?${only.query}` : '';
        return [operation, code(`${method} ${path}${query}`), code(action), 'full', fidelity];
      }),
    ),
    '',
    '## MNS management API 2022-01-19',
    '',
    ...table(
      ['operation', 'request', 'RAM action', 'state', 'from'],
      Object.entries(RULE_ROUTES).map(([name, { action }]) => [
        name,
        code('POST /'),
        code(action),
        'full',
        'doc',
      ]),
    ),
    '',
    '## FaceBody 2019-12-30',
    '',
    'All are `POST /` with `x-acs-action`. Pictures come by URL, or by the upload of `…Advance`: the same address',
    'authorizes it (`AuthorizeFileUpload` of the open platform, 2019-12-19) and receives it. Tests use each with the official SDK.',
    '',
    ...Object.keys(FACEBODY_ROUTES).map((operation) => `- ${operation}`),
    '',
    '## Function Compute',
    '',
    'Of 3.0 (2023-03-30), and of 2.0 (2016-08-15) what its SDK does with functions of 3.0. Addresses without a version are those',
    'of triggers and of downloads.',
    '',
    ...table(
      ['operation', 'request', 'RAM action', 'from'],
      FC_ROUTES.map(({ operation, method, path, action, fidelity }) => [
        operation,
        `\`${method} ${path}\``,
        action === undefined ? '–' : `\`${action}\``,
        fidelity,
      ]),
    ),
    '',
    '## RAM 2015-05-01, STS 2015-04-01, resource manager 2020-03-31',
    '',
    'All are `POST /` or `GET /` with the operation in `Action` or `x-acs-action`.',
    '',
    ...table(
      ['operation', 'version', 'RAM action'],
      Object.entries(RAM_ROUTES).flatMap(([version, operations]) =>
        Object.entries(operations).map(([operation, { action }]) => [
          operation,
          version,
          action === '' ? '–' : `\`${action}\``,
        ]),
      ),
    ),
    '',
    '## Log Service',
    '',
    ...table(
      ['operation', 'request', 'RAM action'],
      [...LOG_ROUTES, GET_LOGS].map(({ operation, method, path, action }) => [
        operation,
        `\`${method} ${path}\``,
        `\`${action}\``,
      ]),
    ),
    '',
  ].join('\n');
}

function describe(meanings: Readonly<Record<string, string>>): string[] {
  return Object.entries(meanings).map(([word, meaning]) => `- **${word}**: ${meaning}.`);
}

export const code = (text: string) => `\`${text}\``;

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function byOperation(routes: readonly Route[]): [operation: string, routes: Route[]][] {
  const grouped = new Map<string, Route[]>();
  for (const route of routes) grouped.set(route.operation, [...(grouped.get(route.operation) ?? []), route]);
  return [...grouped];
}

function requestOf({ level, method, query }: Route): string {
  const path = { service: '/', bucket: '/:bucket', object: '/:bucket/:key' }[level];
  return `${method} ${path}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}
