import { dirname, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { type Line, line, print, printError, style } from '../../shared/runtime/terminal.ts';
import type { Deployed } from '../deploy/deployment.ts';
import type { DeployedResult } from '../deploy/function-compute.ts';
import { KNOWN_TRIGGERS } from '../deploy/known-triggers.ts';
import type { DeployTarget } from '../deploy/local-cloud.ts';
import { describeLeftOut, expandFiles, samplePhotos } from '../files.ts';
import { dataDirOption, facebodyPortOption, fcPortOption, mnsPortOption, ossPortOption } from '../options.ts';
import { untilSignalled } from '../signals.ts';

export const deployCommand = new Command('deploy')
  .description('deploy to Function Compute, or to a local cloud')
  .argument('[paths...]', 'with --local: images to process by what was deployed (default: a sample photo)')
  .option('-t, --template <file>', 'the Serverless Devs template', 's.yaml')
  .option('--local', 'deploy to the local cloud on the data folder; one is started if none runs')
  .option('--env', 'print the variables that make `s` and other clients use the running local cloud')
  .option('--no-build', 'with --local: deploy the zips of the last build')
  .option('--once', 'with --local: stop when the images are processed')
  .option('--region <region>', 'with --local: the region of a cloud that is started', 'cn-shanghai')
  .addOption(dataDirOption())
  .addOption(ossPortOption())
  .addOption(mnsPortOption())
  .addOption(facebodyPortOption())
  .addOption(fcPortOption())
  .action(async (paths, { template, local, env, build, once, ...ports }) => {
    if (env) return printEnvironment(ports.dataDir);
    if (!local) return deployRemotely(template);
    const { openTarget } = await import('../deploy/local-cloud.ts');
    if (build) await buildIn(template);
    const target = await openTarget(ports);
    try {
      const deployed = await deployLocally(target, template);
      await processPhotos(target, deployed, paths);
      if (once || !target.isOwn) return;
      print(...MORE);
      await untilSignalled();
    } finally {
      await target.close();
    }
  });

/** `s deploy`, and then the removal of triggers that the template does not have any more: fc3 leaves them. */
async function deployRemotely(template: string): Promise<void> {
  const { readDeployment } = await import('../deploy/deployment.ts');
  const { runVisibly, serverlessDevs } = await import('../deploy/serverless-devs.ts');
  const deployed = await readDeployment(template, { env: process.env });
  const s = await serverlessDevs();
  await runVisibly(s, ['deploy', '-y', '-t', template]);
  for (const { name, props } of deployed) {
    const wanted = (props.triggers ?? []).map(({ triggerName }) => triggerName);
    // Only this function has triggers that depend on TRIGGER.
    const others = KNOWN_TRIGGERS.filter((trigger) => !wanted.includes(trigger));
    if (props.environmentVariables?.SOURCE_PREFIX === undefined || others.length === 0) continue;
    await runVisibly(s, [name, 'remove', '-y', '--trigger', others.join(','), '-t', template]);
  }
}

async function printEnvironment(dataDir: string): Promise<void> {
  const { clientEnvironment, runningTarget } = await import('../deploy/local-cloud.ts');
  const target = await runningTarget(dataDir);
  const { fcUrl, tls } = target.connection;
  print('# eval "$(npx mnsoss-face deploy --env)"');
  for (const [name, value] of Object.entries(clientEnvironment(target, process.env))) {
    print(`export ${name}='${value}'`);
  }
  if (!tls) print('# The cloud has no TLS, which RAM and Log Service need: start it with --tls.');
  else {
    print('# Programs that are not of Node reach all hosts of Alibaba Cloud through a proxy:');
    print(`#   export HTTPS_PROXY='${fcUrl}' SSL_CERT_FILE='${tls.caFile}'`);
  }
  await target.close();
}

async function buildIn(template: string): Promise<void> {
  const { renderTemplate } = await import('../deploy/template.ts');
  const { runVisibly } = await import('../deploy/serverless-devs.ts');
  const { actions } = await renderTemplate(template, {
    env: { OSS_BUCKET: 'photos', ...process.env },
    accountId: '0',
  });
  const [build] = actions.filter(({ run }) => run.startsWith('npm run build'));
  const [program = 'npm', ...args] = (build?.run ?? 'npm run build').split(' ');
  await runVisibly(program, args, { cwd: resolve(dirname(template), build?.path ?? '.') });
}

/** Creates what the template needs, and deploys its functions. */
async function deployLocally(target: DeployTarget, template: string): Promise<readonly Deployed[]> {
  const { settingsFor } = await import('../deploy/local-cloud.ts');
  const { readDeployment } = await import('../deploy/deployment.ts');
  const { requirementsOf } = await import('../deploy/requirements.ts');
  const { applyRequirement } = await import('../deploy/apply.ts');
  const { deployFunction } = await import('../deploy/function-compute.ts');
  const { ensureLogProject } = await import('../deploy/log-project.ts');
  const { account } = target;
  const env = settingsFor(target, process.env);
  const deployed = await readDeployment(template, { env, accountId: account.accountId });
  for (const requirement of requirementsOf(deployed, { bucket: env.OSS_BUCKET! })) {
    await applyRequirement(requirement, account);
  }
  const logs = { project: `functions-${account.region}-${account.accountId}`, logstore: 'default-logs' };
  await ensureLogProject(logs, account);
  for (const fn of deployed) {
    const result = await deployFunction(fn, { account, folder: dirname(resolve(template)), logs });
    print(describeDeployed(result));
  }
  return deployed;
}

function describeDeployed({ functionName, outcome, triggers, removedTriggers, urls }: DeployedResult): Line {
  const parts = [
    triggers.length > 0 ? `triggers ${triggers.join(', ')}` : 'no triggers',
    ...(removedTriggers.length > 0 ? [`removed ${removedTriggers.join(', ')}`] : []),
    ...urls,
  ];
  return line`${style.bold(functionName)} ${outcome}: ${parts.join('; ')}`;
}

/** Uploads images, and shows what the deployed functions make of them. */
async function processPhotos(
  target: DeployTarget,
  deployed: readonly Deployed[],
  paths: readonly string[],
): Promise<void> {
  const { settingsFor } = await import('../deploy/local-cloud.ts');
  const { processPhoto } = await import('../deploy/photos.ts');
  const faces = deployed.find(({ props }) => props.environmentVariables?.SOURCE_PREFIX !== undefined);
  if (!faces || !hasUploadTrigger(deployed)) {
    print('no trigger takes uploads: call the function by its address');
    return;
  }
  const {
    SOURCE_PREFIX: sourcePrefix = 'incoming/',
    RESULT_PREFIX: resultPrefix = 'results/',
    RESULT_BUCKET,
  } = faces.props.environmentVariables ?? {};
  const store = target.account.oss.bucket(settingsFor(target, process.env).OSS_BUCKET!);
  const results = RESULT_BUCKET ? target.account.oss.bucket(RESULT_BUCKET) : store;
  const { files, leftOut } =
    paths.length > 0
      ? await expandFiles(paths, { prefix: sourcePrefix })
      : { files: (await samplePhotos()).slice(0, 1), leftOut: [] };
  printError(...describeLeftOut(leftOut));
  for (const file of files) {
    const {
      name,
      outcome,
      faces: found,
      document,
      ms,
    } = await processPhoto(file, {
      store,
      results,
      sourcePrefix,
      resultPrefix,
    });
    print(`${name}: ${outcome}, ${found} faces, ${ms} ms: oss://${results.bucket}/${document}`);
  }
}

function hasUploadTrigger(deployed: readonly Deployed[]): boolean {
  return deployed.some(({ props: { triggers = [] } }) =>
    triggers.some((it) => (it.triggerType === 'timer' ? it.triggerConfig.enable : it.triggerType !== 'http')),
  );
}

const MORE = [
  '',
  'The functions run until you press Ctrl-C. In another terminal:',
  '  eval "$(npx mnsoss-face deploy --env)"     use it with s and other clients',
  '  npx s face-recognition info                and invoke, logs, plan, version, alias, remove',
];
