#!/usr/bin/env node
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { visibleText } from '../shared/runtime/visible.ts';
import { reportFailure } from './failure.ts';

/** One row per command, in the order of the help. Only the called command is loaded. */
const COMMANDS = {
  start: async () => (await import('./commands/start.ts')).startCommand,
  put: async () => (await import('./commands/put.ts')).putCommand,
  get: async () => (await import('./commands/get.ts')).getCommand,
  sign: async () => (await import('./commands/sign.ts')).signCommand,
  people: async () => (await import('./commands/people.ts')).peopleCommand,
  why: async () => (await import('./commands/why.ts')).whyCommand,
  backfill: async () => (await import('./commands/backfill.ts')).backfillCommand,
  cloud: async () => (await import('./commands/cloud.ts')).cloudCommand,
  rules: async () => (await import('./commands/rules.ts')).rulesCommand,
  deploy: async () => (await import('./commands/deploy.ts')).deployCommand,
  setup: async () => (await import('./commands/setup.ts')).setupCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  cost: async () => (await import('./commands/cost.ts')).costCommand,
  monitoring: async () => (await import('./commands/monitoring.ts')).monitoringCommand,
  check: async () => (await import('./commands/check.ts')).checkCommand,
  policy: async () => (await import('./commands/policy.ts')).policyCommand,
  redrive: async () => (await import('./commands/redrive.ts')).redriveCommand,
} as const;

const program = new Command('mnsoss-face')
  .description('Finds, describes and recognises the faces in images uploaded to OSS')
  // So that `cloud verify --data-dir` is an option of `verify`, not of `cloud`.
  .enablePositionalOptions();
/** Messages of the command line repeat its arguments, which may be names of files. */
const showVisibly = (command: CommandUnknownOpts) => {
  command.configureOutput({ writeErr: (text) => process.stderr.write(visibleText(text)) });
  command.commands.forEach(showVisibly);
};

const called = Object.entries(COMMANDS).filter(([name]) => name === process.argv[2]);
for (const [, load] of called.length > 0 ? called : Object.entries(COMMANDS))
  program.addCommand(await load());

showVisibly(program);

await program.parseAsync().catch(reportFailure);
