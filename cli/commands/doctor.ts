import { Command } from '@commander-js/extra-typings';
import { type Line, line, print, style } from '../../shared/runtime/terminal.ts';
import { localAccount, remoteAccount } from '../deploy/account.ts';
import { readDeployment } from '../deploy/deployment.ts';
import { examine, type Finding } from '../deploy/examine.ts';
import { runningTarget, settingsFor } from '../deploy/local-cloud.ts';
import { dataDirOption } from '../options.ts';

export const doctorCommand = new Command('doctor')
  .description('check an account, or the local cloud: what is missing for the template, or differs from it')
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .option('--local', 'check the running local cloud')
  .addOption(dataDirOption())
  .action(async ({ template, local, dataDir }) => {
    const { env, account } = local ? await locally(dataDir) : await remotely();
    try {
      const deployed = await readDeployment(template, { env, accountId: account.accountId });
      const findings = await examine(deployed, { account, bucket: env.OSS_BUCKET ?? '' });
      for (const finding of findings) print(describe(finding));
      if (findings.some(({ state }) => state !== 'ok')) process.exitCode = 1;
    } finally {
      account.close();
    }
  });

async function locally(dataDir: string) {
  const target = await runningTarget(dataDir);
  await target.close();
  return {
    env: settingsFor(target, process.env),
    account: localAccount(target.connection, target.connection.fcUrl!),
  };
}

async function remotely() {
  const region = process.env.REGION || 'cn-shanghai';
  return { env: process.env, account: await remoteAccount(region, process.env) };
}

const MARKS = {
  ok: style.bold('ok     '),
  missing: style.red('missing'),
  wrong: style.red('wrong  '),
  unknown: style.dim('unknown'),
};

function describe({ state, subject, advice }: Finding): Line {
  return line`${MARKS[state]} ${subject}${advice === undefined ? '' : `: ${advice}`}`;
}
