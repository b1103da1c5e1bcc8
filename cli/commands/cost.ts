import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { print } from '../../shared/runtime/terminal.ts';
import { estimateCost, PRICES } from '../deploy/cost.ts';
import { readDeployment } from '../deploy/deployment.ts';
import { formatTable } from '../table.ts';

const positive = (text: string) => {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
};

export const costCommand = new Command('cost')
  .description('estimate what images cost per month on Function Compute, for the settings in the environment')
  .requiredOption('--images <number>', 'images per month', positive)
  .option('--seconds <number>', 'seconds per image (default: measured for the engine)', positive)
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .action(async ({ images, seconds, template }) => {
    const env = { OSS_BUCKET: 'photos', ...process.env };
    const deployed = await readDeployment(template, { env });
    const lines = estimateCost(deployed, { images, seconds });
    const columns = [
      { title: 'what' },
      { title: 'CU', right: true },
      { title: 'USD', right: true },
      { title: 'how' },
    ];
    const rows = lines.map(({ what, units, usd, how }) => [
      what,
      units === undefined ? '–' : Math.round(units).toLocaleString('en'),
      usd.toFixed(2),
      how,
    ]);
    print(...formatTable(columns, rows));
    print(`total ${lines.reduce((sum, { usd }) => sum + usd, 0).toFixed(2)} USD per month; ${PRICES.source}`);
  });
