import { Argument, Command } from '@commander-js/extra-typings';
import { AppError } from '../../shared/runtime/errors.ts';
import { print } from '../../shared/runtime/terminal.ts';
import { readDeployment } from '../deploy/deployment.ts';
import {
  grafanaDashboard,
  type LogSource,
  logServiceAlerts,
  logServiceDashboard,
} from '../deploy/monitoring.ts';

const FORMATS = {
  dashboard: logServiceDashboard,
  alerts: logServiceAlerts,
  grafana: grafanaDashboard,
} satisfies Record<string, (source: LogSource) => object>;

export const monitoringCommand = new Command('monitoring')
  .description('print a dashboard or alerts for the logs of the functions, as JSON')
  .addArgument(
    new Argument('<format>', 'dashboard or alerts of Log Service, or a dashboard for Grafana').choices([
      'dashboard',
      'alerts',
      'grafana',
    ] as const),
  )
  .requiredOption('--project <name>', 'the project of Log Service; s info shows it')
  .option('--logstore <name>', 'the store of the logs', 'default-logs')
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .action(async (format, { project, logstore, template }) => {
    const deployed = await readDeployment(template, { env: { OSS_BUCKET: 'photos', ...process.env } });
    const faces = deployed.find(({ props }) => props.environmentVariables?.SOURCE_PREFIX !== undefined);
    if (!faces) throw new AppError('ConfigInvalid', `${template} has no function with SOURCE_PREFIX`);
    const { region, functionName } = faces.props;
    const json = FORMATS[format]({ region, project, logstore, functionName });
    print(...JSON.stringify(json, null, 2).split('\n'));
  });
