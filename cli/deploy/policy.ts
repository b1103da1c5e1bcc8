import { fixedPrefix } from '../../shared/results/keys.ts';
import type { FunctionProps } from './schema.ts';

/** A policy of RAM, Alibaba Cloud's access control. */
export interface RamPolicy {
  readonly Version: '1';
  readonly Statement: readonly RamStatement[];
}

export interface RamStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

type Env = Readonly<Record<string, string>>;

/** Allows a service of Alibaba Cloud to assume a role; `fc.aliyuncs.com` for the role of a function. */
export function trustPolicy(service: string) {
  return {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [service] } }],
  } as const;
}

/** The permissions that the role of a function needs, and no more. `bucket` is the bucket of the uploads. */
export function functionPolicy(props: FunctionProps, bucket: string): RamPolicy {
  return props.environmentVariables?.MNS_QUEUE === undefined
    ? faceRecognitionPolicy(props, bucket)
    : pollerPolicy(props);
}

/**
 * The permissions that the role of `face-recognition` needs with these variables and triggers, and no more. `bucket` is the
 * bucket of the uploads.
 */
export function faceRecognitionPolicy(props: FunctionProps, bucket: string): RamPolicy {
  const env = props.environmentVariables ?? {};
  const resultBucket = env.RESULT_BUCKET || bucket;
  const results = fixedPrefix(env.RESULT_PREFIX || 'results/');
  const readable = [objects(bucket, env.SOURCE_PREFIX ?? 'incoming/')];
  const writable = [objects(resultBucket, results)];
  const listed = [results];
  if (keepsPeople(env)) {
    readable.push(objects(bucket, env.PEOPLE_PREFIX || 'people/'));
    listed.push(env.PEOPLE_PREFIX || 'people/');
  }
  if (env.GALLERY === 'oss') {
    writable.push(objects(resultBucket, env.GALLERY_PREFIX || 'gallery/'));
    listed.push(env.GALLERY_PREFIX || 'gallery/');
  }
  if (env.INDEX === 'oss') {
    writable.push(objects(resultBucket, env.INDEX_PREFIX || 'index/'));
    listed.push(env.INDEX_PREFIX || 'index/');
  }
  return policy(
    allow(['oss:GetObject'], readable),
    allow(['oss:GetObject', 'oss:PutObject', 'oss:DeleteObject'], writable),
    {
      ...allow(
        ['oss:ListObjects'],
        [...new Set([bucket, resultBucket])].map((name) => `acs:oss:*:*:${name}`),
      ),
      Condition: { StringLike: { 'oss:Prefix': listed.map((prefix) => `${prefix}*`) } },
    },
    ...facebodyStatements(env),
    ...withoutRepetition([...destinationStatements(props), ...deadLetterStatements(env, props.region)]),
  );
}

/** The permissions that the role of `mns-poller` needs, and no more. */
export function pollerPolicy(props: FunctionProps): RamPolicy {
  const { MNS_QUEUE, MNS_TOPIC, SINK_FUNCTION, FC_ACCOUNT_ID } = props.environmentVariables ?? {};
  const { region } = props;
  const queue = MNS_QUEUE || MNS_TOPIC;
  const statements = [
    allow(
      [
        'mns:ReceiveMessage',
        'mns:BatchReceiveMessage',
        'mns:DeleteMessage',
        'mns:BatchDeleteMessage',
        'mns:ChangeMessageVisibility',
      ],
      [`acs:mns:${region}:${FC_ACCOUNT_ID}:/queues/${queue}/messages`],
    ),
  ];
  if (MNS_TOPIC) {
    statements.push(
      allow(['mns:CreateQueue'], [`acs:mns:${region}:${FC_ACCOUNT_ID}:/queues/${queue}`]),
      allow(['mns:Subscribe'], [`acs:mns:${region}:${FC_ACCOUNT_ID}:/topics/${MNS_TOPIC}/subscriptions/*`]),
    );
  }
  statements.push(...deadLetterStatements(props.environmentVariables ?? {}, region));
  if (SINK_FUNCTION)
    statements.push(
      allow(['fc:InvokeFunction'], [`acs:fc:${region}:${FC_ACCOUNT_ID}:functions/${SINK_FUNCTION}`]),
    );
  return policy(...statements);
}

/** doc: FaceBody has no resources; its actions have the names of its operations. */
function facebodyStatements(env: Env): RamStatement[] {
  const actions: string[] = [];
  if (env.ENGINE === 'facebody') actions.push('DetectFace', 'RecognizeFace');
  if (env.GALLERY === 'facebody')
    actions.push(
      'CreateFaceDb',
      'ListFaceDbs',
      'AddFaceEntity',
      'GetFaceEntity',
      'ListFaceEntities',
      'DeleteFaceEntity',
      'AddFace',
      'DeleteFace',
      'SearchFace',
    );
  return actions.length > 0
    ? [
        allow(
          actions.map((action) => `viapi-facebody:${action}`),
          ['*'],
        ),
      ]
    : [];
}

/** Function Compute sends to destinations with the role of the function. */
function destinationStatements({ asyncInvokeConfig }: FunctionProps): RamStatement[] {
  const { onSuccess, onFailure } = asyncInvokeConfig?.destinationConfig ?? {};
  return [onSuccess, onFailure].flatMap((target) => {
    if (!target?.destination.startsWith('acs:mns:')) return [];
    return [
      allow(
        [target.destination.includes(':/topics/') ? 'mns:PublishMessage' : 'mns:SendMessage'],
        [target.destination],
      ),
    ];
  });
}

/** Where the function itself puts what it rejects. */
function deadLetterStatements(
  { DEAD_LETTERS = '', FC_ACCOUNT_ID = '*' }: Env,
  region: string,
): RamStatement[] {
  const [, queue] = /^mns:(.+)$/.exec(DEAD_LETTERS) ?? [];
  if (queue)
    return [allow(['mns:SendMessage'], [`acs:mns:${region}:${FC_ACCOUNT_ID}:/queues/${queue}/messages`])];
  const [, bucket, prefix = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(DEAD_LETTERS) ?? [];
  return bucket === undefined ? [] : [allow(['oss:PutObject'], [objects(bucket, prefix)])];
}

function withoutRepetition(statements: readonly RamStatement[]): RamStatement[] {
  return [...new Map(statements.map((statement) => [JSON.stringify(statement), statement])).values()];
}

function keepsPeople(env: Env): boolean {
  return env.GALLERY !== undefined && env.GALLERY !== 'off';
}

function policy(...Statement: RamStatement[]): RamPolicy {
  return { Version: '1', Statement };
}

export function allow(Action: readonly string[], Resource: readonly string[]): RamStatement {
  return { Effect: 'Allow', Action, Resource };
}

function objects(bucket: string, prefix: string): string {
  return `acs:oss:*:*:${bucket}/${prefix}*`;
}
