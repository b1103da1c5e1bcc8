import type { OpenBucket } from '../../../shared/oss/object-store.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../../shared/runtime/credentials.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import type { FaceRecognitionOptions } from '../options.ts';
import type { Rejected } from '../report.ts';
import { type FunctionLetter, lettersOf, messageOf } from './letter.ts';

/** Where a function puts the parts of events that it rejects. */
export interface FunctionDeadLetters {
  /** Resolves when all of them are stored, and throws otherwise. */
  put(rejected: readonly Rejected[], requestId: string): Promise<void>;
  close(): void;
}

export interface DeadLetterDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly openBucket: OpenBucket;
}

type Options = Pick<FaceRecognitionOptions, 'deadLetters' | 'mnsEndpoint' | 'region'>;

/** Writes letters to one place. */
interface Mailbox {
  /** Bytes of the bodies in one letter. */
  readonly maxBytes: number;
  put(letter: FunctionLetter): Promise<void>;
  close(): void;
}

/** Bytes of one object. */
const MAX_OBJECT_BYTES = 1024 * 1024;

/** `undefined` without the setting. */
export function createDeadLetters(options: Options, deps: DeadLetterDeps): FunctionDeadLetters | undefined {
  const { deadLetters } = options;
  if (deadLetters === undefined) return undefined;
  const { env, clock } = deps;
  const name = env.FC_FUNCTION_NAME || 'face-recognition';
  const functionArn = `acs:fc:${options.region}:${env.FC_ACCOUNT_ID ?? ''}:functions/${name}`;
  let opened: Promise<Mailbox> | undefined;
  return {
    async put(rejected, requestId) {
      opened ??= openMailbox(deadLetters, name, options, deps);
      const mailbox = await opened;
      const deadTime = new Date(clock.now()).toISOString();
      for (const letter of lettersOf(rejected, { functionArn, requestId, deadTime }, mailbox.maxBytes))
        await mailbox.put(letter);
    },
    close: () => void opened?.then((mailbox) => mailbox.close()),
  };
}

async function openMailbox(
  place: string,
  functionName: string,
  options: Options,
  { env, credentials, clock, openBucket }: DeadLetterDeps,
): Promise<Mailbox> {
  const [, bucket, prefix = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(place) ?? [];
  if (bucket !== undefined) {
    const store = openBucket(bucket, options.region);
    return {
      maxBytes: MAX_OBJECT_BYTES,
      async put(letter) {
        const body = Buffer.from(`${JSON.stringify(letter, undefined, 2)}\n`);
        await store.put(`${prefix}${functionName}/${letter.id}.json`, body, {
          contentType: 'application/json',
        });
      },
      close() {},
    };
  }
  const { MAX_MESSAGE_BYTES } = await import('../../../shared/mns/limits.ts');
  const { createMnsClient } = await import('../../../shared/mns/client.ts');
  const client = createMnsClient({ endpoint: mnsEndpoint(options, env), credentials, clock });
  const queue = client.queue(place.slice('mns:'.length));
  return {
    maxBytes: MAX_MESSAGE_BYTES / 2,
    put: async (letter) => void (await queue.send(messageOf(letter, MAX_MESSAGE_BYTES))),
    close: client.close,
  };
}

/** Function Compute sets the account of the function. */
function mnsEndpoint(
  { mnsEndpoint: endpoint, region }: Options,
  { FC_ACCOUNT_ID }: NodeJS.ProcessEnv,
): string {
  if (endpoint !== undefined) return endpoint;
  if (FC_ACCOUNT_ID) return `https://${FC_ACCOUNT_ID}.mns.${region}.aliyuncs.com`;
  throw new AppError('ConfigInvalid', 'DEAD_LETTERS=mns:… needs MNS_ENDPOINT, or FC_ACCOUNT_ID');
}
