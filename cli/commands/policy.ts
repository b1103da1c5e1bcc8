import { Argument, Command, Option } from '@commander-js/extra-typings';
import { AppError } from '../../shared/runtime/errors.ts';
import { print } from '../../shared/runtime/terminal.ts';
import { readDeployment } from '../deploy/deployment.ts';
import { faceRecognitionPolicy, pollerPolicy, TRUST_POLICY } from '../deploy/policy.ts';

export const policyCommand = new Command('policy')
  .description('print the RAM policy of a function, for the settings in the environment')
  .addArgument(new Argument('<function>').choices(['face-recognition', 'mns-poller']))
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .option('--trust', 'print the trust policy of the role instead')
  .addOption(new Option('--account <id>', 'account id; required without --trust').env('FC_ACCOUNT_ID'))
  .action(async (name, { template, trust, account }) => {
    if (trust) {
      print(...JSON.stringify(TRUST_POLICY, null, 2).split('\n'));
      return;
    }
    if (!account) throw new AppError('ConfigInvalid', 'pass --account <id>, or set FC_ACCOUNT_ID');
    const deployed = await readDeployment(template, { env: process.env, accountId: account });
    const { props } = deployed.find((fn) => fn.name === name) ?? missing(template, name);
    const bucket = process.env.OSS_BUCKET ?? '';
    const policy = name === 'mns-poller' ? pollerPolicy(props) : faceRecognitionPolicy(props, bucket);
    print(...JSON.stringify(policy, null, 2).split('\n'));
  });

function missing(template: string, name: string): never {
  throw new AppError('ConfigInvalid', `${template} has no resource ${name}`);
}
