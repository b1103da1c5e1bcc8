import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Command, Option } from '@commander-js/extra-typings';
import { AppError } from '../../shared/runtime/errors.ts';
import { line, print, style } from '../../shared/runtime/terminal.ts';
import { ALREADY_THERE, aliyunCommands, aliyunScript } from '../deploy/aliyun.ts';
import { applyRequirement } from '../deploy/apply.ts';
import { type Deployed, readDeployment } from '../deploy/deployment.ts';
import { runningTarget, settingsFor } from '../deploy/local-cloud.ts';
import { describeRequirement, type Requirement, requirementsOf } from '../deploy/requirements.ts';
import { rosTemplate } from '../deploy/ros-template.ts';
import { dataDirOption } from '../options.ts';

export const setupCommand = new Command('setup')
  .description('create what `s deploy` needs: bucket, queues, event rule, roles and policies')
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .addOption(new Option('--account <id>', 'account id; required without --local').env('FC_ACCOUNT_ID'))
  .option(
    '--apply',
    'create it, through the command line aliyun or in the local cloud, instead of printing commands',
  )
  .option('--ros', 'print a template of the Resource Orchestration Service instead')
  .option('--local', 'for the running local cloud')
  .addOption(dataDirOption())
  .action(async ({ template, account, apply, ros, local, dataDir }) => {
    if (local) return setUpLocalCloud(template, dataDir, apply ?? false);
    if (!account) throw new AppError('ConfigInvalid', 'pass --account <id>, or set FC_ACCOUNT_ID');
    const deployed = await readDeployment(template, { env: process.env, accountId: account });
    const requirements = requirementsOf(deployed, { bucket: process.env.OSS_BUCKET ?? '' });
    const { region } = deployed[0]!.props;
    if (ros) return print(...JSON.stringify(rosTemplate(requirements), null, 2).split('\n'));
    if (apply) return applyWithAliyun(requirements, region);
    return print(...aliyunScript(requirements, { region, usesFaceBody: deployed.some(usesFaceBody) }));
  });

function usesFaceBody({ props }: Deployed): boolean {
  const { ENGINE, GALLERY } = props.environmentVariables ?? {};
  return ENGINE === 'facebody' || GALLERY === 'facebody';
}

async function setUpLocalCloud(template: string, dataDir: string, apply: boolean): Promise<void> {
  const target = await runningTarget(dataDir);
  try {
    const env = settingsFor(target, process.env);
    const { accountId } = target.account;
    const deployed = await readDeployment(template, { env, accountId });
    for (const requirement of requirementsOf(deployed, { bucket: env.OSS_BUCKET! })) {
      const outcome = apply ? await applyRequirement(requirement, target.account) : 'needed';
      print(`${describeRequirement(requirement)}: ${outcome}`);
    }
  } finally {
    await target.close();
  }
}

/** Runs the commands one after the other. What exists already is left as it is; any other failure ends the run. */
async function applyWithAliyun(requirements: readonly Requirement[], region: string): Promise<void> {
  for (const requirement of requirements) {
    for (const words of aliyunCommands(requirement, region)) {
      const outcome = await runAliyun(words);
      print(line`${describeRequirement(requirement)} ${style.dim(words.slice(0, 2).join(' '))}: ${outcome}`);
    }
  }
}

async function runAliyun(words: readonly string[]): Promise<'created' | 'exists'> {
  try {
    await promisify(execFile)('aliyun', [...words]);
    return 'created';
  } catch (cause) {
    const { code, stdout = '', stderr = '' } = cause as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') {
      throw new AppError(
        'ConfigInvalid',
        'the command line aliyun is not installed: see https://github.com/aliyun/aliyun-cli',
        {
          cause,
        },
      );
    }
    const output = `${stdout}\n${stderr}`;
    if (ALREADY_THERE.test(output)) return 'exists';
    throw new AppError('InvalidRequest', `aliyun ${words.slice(0, 2).join(' ')} failed: ${output.trim()}`, {
      cause,
    });
  }
}
