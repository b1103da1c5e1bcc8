import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localAccount } from '../../cli/deploy/account.ts';
import { applyRequirement } from '../../cli/deploy/apply.ts';
import { type Deployed, readDeployment } from '../../cli/deploy/deployment.ts';
import { deployFunction } from '../../cli/deploy/function-compute.ts';
import { ensureLogProject } from '../../cli/deploy/log-project.ts';
import { requirementsOf } from '../../cli/deploy/requirements.ts';
import { createOpenApi } from '../../cli/open-api.ts';
import { DEFAULT_ACCOUNT, startLocalCloud } from '../../local/cloud.ts';
import { buildFunction } from '../../scripts/functions/build.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';

const WORK = 'dist/bench-deploy';
const PHOTO = 'node_modules/@vladmandic/face-api/demo/sample1.jpg';
const KEY = 'incoming/group.jpg';
const NAME = 'face-recognition';

/** What one burst of calls came to. */
export interface Burst {
  readonly done: number;
  /** Answers with 429; each call is then sent again. */
  readonly refused: number;
  /** The most at one time. */
  readonly instances: number;
  /** Resident memory of all instances, the most at one time. */
  readonly memoryMb: number;
  readonly totalMs: number;
}

/** A cloud with face-recognition deployed from s.yaml, and one photo that is processed already. */
export async function openStage() {
  await buildFunction(NAME, { outdir: `${WORK}/dist/functions`, engine: 'facebody' });
  const cloud = await startLocalCloud({ region: 'cn-shanghai', facebodyQuota: 1000 });
  const connection = {
    ossUrl: cloud.oss.url,
    mnsUrl: cloud.mns.url,
    facebodyUrl: cloud.facebody.url,
    region: cloud.region,
    account: DEFAULT_ACCOUNT,
  } as Parameters<typeof localAccount>[0];
  const account = localAccount(connection, cloud.fc.url);
  const env = { ...process.env, OSS_BUCKET: 'photos', REGION: cloud.region, TRIGGER: 'http' };
  const deployed = await readDeployment('s.yaml', { env, accountId: cloud.accountId });
  for (const requirement of requirementsOf(deployed, { bucket: 'photos' }))
    await applyRequirement(requirement, account);
  const logs = { project: 'functions', logstore: 'default-logs' };
  await ensureLogProject(logs, account);
  const faces = deployed.find(({ name }) => name === NAME)!;
  const deploy = (round: number) => {
    const props: Deployed['props'] = {
      ...faces.props,
      environmentVariables: { ...faces.props.environmentVariables, ROUND: String(round) },
    };
    return deployFunction({ name: NAME, props }, { account, folder: resolve(WORK), logs });
  };
  await deploy(-1);
  await account.oss.bucket('photos').put(KEY, await readFile(PHOTO), { contentType: 'image/jpeg' });
  const event = Buffer.from(JSON.stringify({ events: [recordOf()] }));
  const api = createOpenApi({ credentials: staticCredentials(cloud.credentials) });
  const invoke = async () => {
    const startedAt = performance.now();
    const answer = await api.call({
      endpoint: cloud.fc.url,
      action: 'InvokeFunction',
      version: '2023-03-30',
      path: `/2023-03-30/functions/${NAME}/invocations`,
      body: JSON.parse(event.toString()),
    });
    assertDone(answer);
    return performance.now() - startedAt;
  };
  const functions = await cloud.fc.functions();
  await invoke();

  return {
    reservedConcurrency: faces.props.concurrencyConfig!.reservedConcurrency,
    memorySize: faces.props.memorySize,
    update: deploy,
    call: invoke,
    /** The handler in a process of its own. */
    async bare() {
      const startedAt = performance.now();
      const child = fork(fileURLToPath(new URL('./bare.cjs', import.meta.url)), [], {
        cwd: resolve(WORK),
        env: {
          ...faces.props.environmentVariables,
          FC_REGION: cloud.region,
          OSS_ENDPOINT: cloud.oss.url,
          OSS_INTERNAL: 'false',
          FACEBODY_ENDPOINT: new URL(cloud.facebody.url).host,
          FACEBODY_UPLOAD_ENDPOINT: new URL(cloud.facebody.url).host,
          FACEBODY_PROTOCOL: 'HTTP',
        },
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      let initialized = false;
      const send = async () => {
        const answered = once(child, 'message');
        child.send({
          folder: resolve(WORK, 'dist/functions', NAME),
          event: event.toString(),
          context: { ...contextOf(cloud.region, cloud.issueCredentials()), initialized },
        });
        initialized = true;
        const [answer] = await answered;
        assertDone(answer);
      };
      await send();
      return {
        coldMs: performance.now() - startedAt,
        async call() {
          const calledAt = performance.now();
          await send();
          return performance.now() - calledAt;
        },
        stop: () => void child.disconnect(),
      };
    },
    /** Many calls at once, each sent again until it is done. */
    async burst(count: number): Promise<Burst> {
      let [done, refused, instances, memoryMb] = [0, 0, 0, 0];
      const look = () => {
        instances = Math.max(instances, functions.instances(NAME));
        memoryMb = Math.max(memoryMb, memoryOfInstances());
      };
      const looking = setInterval(look, 50);
      const startedAt = performance.now();
      const one = async () => {
        for (;;) {
          try {
            await functions.invoke(NAME, event);
            done++;
            return;
          } catch (error) {
            if ((error as { code?: string }).code !== 'ResourceExhausted') throw error;
            refused++;
            await new Promise((resume) => setTimeout(resume, 20));
          }
        }
      };
      await Promise.all(Array.from({ length: count }, one));
      look();
      clearInterval(looking);
      return { done, refused, instances, memoryMb, totalMs: performance.now() - startedAt };
    },
    async close() {
      api.close();
      account.close();
      await cloud.close();
      await rm(dirname(resolve(WORK, 'dist')), { recursive: true, force: true });
    },
  };
}

function assertDone(answer: unknown): void {
  const { records = [] } = answer as { records?: { outcome: string }[] };
  const [first] = records;
  if (first?.outcome !== 'processed' && first?.outcome !== 'duplicate')
    throw new Error(`expected a result, got ${JSON.stringify(answer)}`);
}

function recordOf() {
  return {
    eventName: 'ObjectCreated:PutObject',
    eventSource: 'acs:oss',
    eventTime: '2026-01-01T00:00:00.000Z',
    eventVersion: '1.0',
    region: 'cn-shanghai',
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { requestId: '5F0C0A1B2C3D4E5F60718293' },
    userIdentity: { principalId: '1' },
    oss: {
      bucket: { arn: 'acs:oss:cn-shanghai:1:photos', name: 'photos', ownerIdentity: '1' },
      object: { deltaSize: 0, eTag: '', key: KEY, size: 1 },
      ossSchemaVersion: '1.0',
      ruleId: 'bench',
    },
  };
}

function contextOf(region: string, credentials: object) {
  return {
    requestId: 'bench',
    region,
    accountId: DEFAULT_ACCOUNT.accountId,
    credentials,
    function: { name: NAME, handler: 'index.handler', memory: 1024, timeout: 120 },
    service: { name: '', logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
  };
}

/** Resident memory of the instances, which are children of this process. */
function memoryOfInstances(): number {
  const children = readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  let total = 0;
  for (const pid of children) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fc-runtime.cjs')) continue;
      total += (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 1024 / 1024;
    } catch {
      // The process has ended meanwhile.
    }
  }
  return total;
}
