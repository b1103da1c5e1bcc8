import { Argument, Command, Option } from '@commander-js/extra-typings';
import { AppError } from '../../shared/runtime/errors.ts';
import { print } from '../../shared/runtime/terminal.ts';
import { deployerPolicy } from '../deploy/deployer-policy.ts';
import { readDeployment } from '../deploy/deployment.ts';
import { functionPolicy, trustPolicy } from '../deploy/policy.ts';

export const policyCommand = new Command('policy')
  .description('print the RAM policy of a function or of who deploys, for the settings in the environment')
  .addArgument(new Argument('[function]').choices(['face-recognition', 'mns-poller']))
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .option('--trust', 'print the trust policy of the role instead')
  .option('--deployer', 'print the rights of who runs `s deploy`')
  .addOption(new Option('--account <id>', 'account id; required without --trust').env('FC_ACCOUNT_ID'))
  .action(async (name, { template, trust, deployer, account }) => {
    if (trust) return printJson(trustPolicy('fc.aliyuncs.com'));
    if (!name && !deployer) throw new AppError('ConfigInvalid', 'name a function, or pass --deployer');
    if (!account) throw new AppError('ConfigInvalid', 'pass --account <id>, or set FC_ACCOUNT_ID');
    const deployed = await readDeployment(template, { env: process.env, accountId: account });
    const bucket = process.env.OSS_BUCKET ?? '';
    if (deployer) return printJson(deployerPolicy(deployed, { accountId: account, bucket }));
    const fn = deployed.find((candidate) => candidate.name === name);
    if (!fn) throw new AppError('ConfigInvalid', `${template} has no resource ${name}`);
    return printJson(functionPolicy(fn.props, bucket));
  });

function printJson(policy: object): void {
  print(...JSON.stringify(policy, null, 2).split('\n'));
}
