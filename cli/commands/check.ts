import { dirname, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { readDeployment } from '../deploy/deployment.ts';
import { checkDeployment } from '../deploy/rules.ts';
import { formatTable } from '../table.ts';

/** doc: calls per second of one operation, for a pay-as-you-go account. */
const FACEBODY_QPS = 2;

export const checkCommand = new Command('check')
  .description('check a Serverless Devs template before it is deployed')
  .argument('[file]', 'the template', 's.yaml')
  .action(async (file) => {
    const deployed = await readDeployment(file, { env: process.env });
    await checkDeployment(deployed, {
      folder: dirname(resolve(file)),
      facebodyQps: Number(process.env.FACEBODY_ACCOUNT_QPS || FACEBODY_QPS),
    });
    const rows = deployed.map(({ props }) => [
      props.functionName,
      props.region,
      props.runtime,
      `${props.cpu} vCPU, ${props.memorySize} MB, ${props.timeout} s`,
      (props.triggers ?? []).map(({ triggerName }) => triggerName).join(' ') || '–',
    ]);
    const columns = ['function', 'region', 'runtime', 'size', 'triggers'].map((title) => ({ title }));
    console.log(formatTable(columns, rows).join('\n'));
  });
