#!/usr/bin/env node
import { Command } from '@commander-js/extra-typings';
import { checkCommand } from './commands/check.ts';
import { cloudCommand } from './commands/cloud.ts';
import { getCommand } from './commands/get.ts';
import { peopleCommand } from './commands/people.ts';
import { policyCommand } from './commands/policy.ts';
import { putCommand } from './commands/put.ts';
import { redriveCommand } from './commands/redrive.ts';
import { rulesCommand } from './commands/rules.ts';
import { signCommand } from './commands/sign.ts';
import { startCommand } from './commands/start.ts';
import { reportFailure } from './failure.ts';

const program = new Command('mnsoss-face')
  .description('Finds, describes and recognises the faces in images uploaded to OSS')
  .addCommand(startCommand)
  .addCommand(putCommand)
  .addCommand(getCommand)
  .addCommand(signCommand)
  .addCommand(peopleCommand)
  .addCommand(cloudCommand)
  .addCommand(rulesCommand)
  .addCommand(checkCommand)
  .addCommand(policyCommand)
  .addCommand(redriveCommand);

await program.parseAsync().catch(reportFailure);
