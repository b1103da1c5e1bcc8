import { dirname, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { print } from '../../shared/runtime/terminal.ts';
import { readDeployment } from '../deploy/deployment.ts';
import { checkDeployment } from '../deploy/rules.ts';
import { formatTable } from '../table.ts';

/** doc: calls per second and operation for a pay-as-you-go account. */
const FACEBODY_QPS = 2;

export const checkCommand = new Command('check')
  .description('check a Serverless Devs template before it is deployed')
  .argument('[file]', 'the template', 's.yaml')
  .action(async (file) => {
    const { findPublishedSchema } = await import('../deploy/published-schema.ts');
    const published = await findPublishedSchema(process.env);
    const deployed = await readDeployment(file, { env: process.env, published });
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
    print(...formatTable(columns, rows));
    print(
      published
        ? `checked with the schema of fc3 in ${published.path}`
        : 'checked without the schema of fc3, which is not installed: `s verify` fetches it',
    );
  });
