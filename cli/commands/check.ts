import { dirname, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { print } from '../../shared/runtime/terminal.ts';
import { type Deployed, readDeployment, refuse } from '../deploy/deployment.ts';
import { checkDeployment, faultsTogether } from '../deploy/rules.ts';
import { formatTable } from '../table.ts';

/** doc: calls per second and operation for a pay-as-you-go account. */
const FACEBODY_QPS = 2;

export const checkCommand = new Command('check')
  .description('check Serverless Devs templates before they are deployed, each and all together')
  .argument('[files...]', 'the templates of all stages of an account (default: s.yaml)')
  .action(async (given) => {
    const files = given.length > 0 ? given : ['s.yaml'];
    const { findPublishedSchema } = await import('../deploy/published-schema.ts');
    const published = await findPublishedSchema(process.env);
    const facebodyQps = Number(process.env.FACEBODY_ACCOUNT_QPS || FACEBODY_QPS);
    const all: Deployed[] = [];
    for (const file of files) {
      const deployed = await readDeployment(file, { env: process.env, published });
      await checkDeployment(deployed, { folder: dirname(resolve(file)), facebodyQps });
      all.push(...deployed);
    }
    refuse(faultsTogether(all, { facebodyQps }));
    print(...describe(all));
    print(
      published
        ? `checked with the schema of fc3 in ${published.path}`
        : 'checked without the schema of fc3, which is not installed: `s verify` fetches it',
    );
  });

function describe(deployed: readonly Deployed[]): string[] {
  const rows = deployed.map(({ props }) => [
    props.functionName,
    props.region,
    props.runtime,
    `${props.cpu} vCPU, ${props.memorySize} MB, ${props.timeout} s`,
    (props.triggers ?? []).map(({ triggerName }) => triggerName).join(' ') || '–',
  ]);
  const columns = ['function', 'region', 'runtime', 'size', 'triggers'].map((title) => ({ title }));
  return formatTable(columns, rows);
}
