#!/usr/bin/env node
// The command of the package aliyun-local-cloud, which scripts/pack-cloud.ts makes.
import { cloudCommand } from './commands/cloud.ts';
import { rulesCommand } from './commands/rules.ts';
import { reportFailure } from './failure.ts';

const program = cloudCommand.name('aliyun-local-cloud').addCommand(rulesCommand);
await program.parseAsync().catch(reportFailure);
