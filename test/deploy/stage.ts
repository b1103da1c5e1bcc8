import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AccountAccess, localAccount } from '../../cli/deploy/account.ts';
import { applyRequirement } from '../../cli/deploy/apply.ts';
import { readDeployment } from '../../cli/deploy/deployment.ts';
import { requirementsOf } from '../../cli/deploy/requirements.ts';
import { DEFAULT_ACCOUNT, type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { redirectEnvironment } from '../../local/gateway/redirect.ts';
import { resultKeys } from '../../shared/results/keys.ts';
import { openServerlessDevs, type ServerlessDevs } from '../support/serverless-devs/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const PHOTO = 'node_modules/@vladmandic/face-api/demo/sample1.jpg';

/** Variables of the environment; `undefined` takes one away. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** A local cloud, and the command line `s` that deploys to it. */
export interface Stage {
  readonly cloud: LocalCloud;
  readonly account: AccountAccess;
  readonly dataDir: string;
  /** Runs `s` with the settings; actions of the template are left out. Throws unless it ends with 0. */
  s(command: string, settings?: Settings): Promise<string>;
  /** The same, and returns the exit code. */
  tryS(command: string, settings?: Settings): Promise<{ code: number; output: string }>;
  /** Creates what the template needs for the settings. */
  setUp(settings?: Settings): Promise<void>;
  /** Uploads a photo of three faces, and resolves to its result document when it is there. */
  process(key: string, options?: { waitMs?: number }): Promise<ResultText>;
  upload(key: string): Promise<void>;
  resultOf(key: string): Promise<ResultText | undefined>;
}

export interface ResultText {
  readonly outcome: string;
  readonly faces: readonly unknown[];
}

const BUCKET = 'photos';

/**
 * Opens both for one test. `FC3_COMPONENT` may name the folder of the genuine component, and `FC3_DOMAIN_COMPONENT` that of
 * the one that it loads; without them a component of this folder makes the same calls.
 */
export async function openStage(): Promise<Stage> {
  const dataDir = await tempDir();
  const cloud = await startLocalCloud({ region: 'cn-shanghai', dataDir, tlsPort: 0, facebodyQuota: 100 });
  const { url, tls } = { url: cloud.fc.url, tls: cloud.tls! };
  const { FC3_COMPONENT, FC3_DOMAIN_COMPONENT } = process.env;
  const s = await openServerlessDevs({
    component: new URL(FC3_COMPONENT ? `file://${FC3_COMPONENT}` : 'fc3', import.meta.url),
    env: {
      PROJECT_ROOT: ROOT,
      AccountID: cloud.accountId,
      AccessKeyID: cloud.credentials.accessKeyId,
      AccessKeySecret: cloud.credentials.accessKeySecret,
      FC_CLIENT_CUSTOM_ENDPOINT: url,
      FC_CODE_TEMP_OSS_ENDPOINT: cloud.oss.url,
      ...redirectEnvironment({ url, tls }),
    },
  });
  if (FC3_DOMAIN_COMPONENT) {
    await cp(FC3_DOMAIN_COMPONENT, join(s.home, '.s/components/devsapp.cn/v3/fc3-domain'), {
      recursive: true,
    });
  }
  const account = localAccount(
    {
      ossUrl: cloud.oss.url,
      mnsUrl: cloud.mns.url,
      facebodyUrl: cloud.facebody.url,
      region: cloud.region,
      account: DEFAULT_ACCOUNT,
    } as Parameters<typeof localAccount>[0],
    url,
  );
  onTestFinished(async () => {
    account.close();
    await cloud.close();
    await s.close();
  });
  return { ...stageOf(cloud, account, s), cloud, account, dataDir };
}

function stageOf(
  cloud: LocalCloud,
  account: AccountAccess,
  serverlessDevs: ServerlessDevs,
): Omit<Stage, 'cloud' | 'account' | 'dataDir'> {
  const store = account.oss.bucket(BUCKET);
  const env = (settings: Settings) => ({
    OSS_BUCKET: BUCKET,
    REGION: cloud.region,
    ...settings,
  });
  const stage: Omit<Stage, 'cloud' | 'account' | 'dataDir'> = {
    async tryS(command, settings = {}) {
      return serverlessDevs.run(words(command), env(settings));
    },
    async s(command, settings) {
      const { code, output } = await stage.tryS(command, settings);
      if (code !== 0) throw new Error(`s ${command} ended with ${code}:\n${output}`);
      return output;
    },
    async setUp(settings = {}) {
      const deployed = await readDeployment(join(ROOT, 's.yaml'), {
        env: { PATH: process.env.PATH, ...env(settings) },
        accountId: cloud.accountId,
      });
      for (const requirement of requirementsOf(deployed, { bucket: BUCKET }))
        await applyRequirement(requirement, account);
    },
    async upload(key) {
      const { readFile } = await import('node:fs/promises');
      await store.put(key, await readFile(join(ROOT, PHOTO)), { contentType: 'image/jpeg' });
    },
    async resultOf(key) {
      const { document } = resultKeys('results/', { bucket: BUCKET, key });
      if (!(await store.head(document))) return undefined;
      const { body } = await store.get(document);
      return JSON.parse(Buffer.concat(await body.toArray()).toString()) as ResultText;
    },
    async process(key, { waitMs = 60_000 } = {}) {
      await stage.upload(key);
      const end = Date.now() + waitMs;
      while (Date.now() < end) {
        const found = await stage.resultOf(key);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`no result for ${key} within ${waitMs} ms`);
    },
  };
  return stage;
}

/** The words of a command; quotes hold a word together. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
