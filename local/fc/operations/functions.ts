import { FcRefusal } from '../errors.ts';
import { resolveVersion } from '../invocations/resolve.ts';
import {
  type CodeInput,
  readCodeInput,
  readFunctionName,
  readFunctionSettings,
  readTags,
} from '../settings/function.ts';
import { bodyOf, isEmpty } from '../settings/read.ts';
import type { Code, FunctionRecord, VersionRecord } from '../store/records.ts';
import {
  arnOf,
  type FcRequest,
  functionOf,
  type Operation,
  type OperationDeps,
  pageOf,
  qualifierOf,
  timeAfter,
} from './operation.ts';

/** doc: functions per account and region. */
const MAX_FUNCTIONS = 500;

export const createFunction: Operation = async (request, deps) => {
  const { store } = deps;
  const body = bodyOf(request.body);
  const name = readFunctionName(body);
  deps.authorize(request, 'fc:CreateFunction', `functions/${name}`);
  const settings = readFunctionSettings(body);
  checkPassRole(request, settings.role, undefined, deps);
  if (store.find(name)) throw new FcRefusal('FunctionAlreadyExists', `function '${name}' already exists`);
  if (store.list().length >= MAX_FUNCTIONS) {
    throw new FcRefusal('InvalidArgument', `the account has ${MAX_FUNCTIONS} functions, which is the limit`);
  }
  const input = readCodeInput(body);
  if (!input)
    throw new FcRefusal(
      'InvalidArgument',
      'code: either ossBucketName and ossObjectName, or zipFile must be set',
    );
  const code = await storeCode(input, deps);
  const now = timeAfter(undefined, deps);
  const record: FunctionRecord = {
    name,
    id: deps.newId().replace(/^1-/, ''),
    latest: { versionId: 'LATEST', description: '', settings, code, created: now, modified: now },
    versions: [],
    lastVersion: 0,
    aliases: [],
    triggers: [],
    asyncConfigs: {},
    provision: {},
    scaling: {},
    tags: readTags(body),
  };
  await store.put(record);
  return { body: describe(record, record.latest, deps) };
};

export const updateFunction: Operation = async (request, deps) => {
  const before = functionOf(request, deps);
  const body = bodyOf(request.body);
  const settings = readFunctionSettings(body, before.latest.settings);
  checkPassRole(request, settings.role, before.latest.settings.role, deps);
  const input = readCodeInput(body);
  const code = input ? await storeCode(input, deps) : before.latest.code;
  const changed = await deps.store.change(before.name, (record) => ({
    ...record,
    latest: { ...record.latest, settings, code, modified: timeAfter(record.latest.modified, deps) },
  }));
  await sweep(deps);
  return { body: describe(changed, changed.latest, deps) };
};

export const getFunction: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  const version = resolveVersion(record, qualifierOf(request), deps.random);
  return { body: describe(record, version, deps) };
};

export const listFunctions: Operation = (request, deps) => {
  const { items, nextToken } = pageOf(request, deps.store.list(), ({ name }) => name);
  return { body: { functions: items.map((record) => describe(record, record.latest, deps)), nextToken } };
};

/** guess: triggers, versions and aliases go with their function. */
export const deleteFunction: Operation = async (request, deps) => {
  const { name } = functionOf(request, deps);
  await deps.triggers.removeAll(name);
  await deps.store.delete(name);
  await sweep(deps);
  return {};
};

/** The zip is at an address of this server that works without a signature: only this machine reaches it. */
export const getFunctionCode: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  const { code } = resolveVersion(record, qualifierOf(request), deps.random);
  if (!('checksum' in code))
    throw new FcRefusal('NotImplemented', `function '${record.name}' was not deployed as a zip`);
  return { body: { url: `${deps.url()}/code/${code.checksum}.zip`, checksum: code.checksum } };
};

export const downloadCode: Operation = async ({ params }, { code }) => {
  const body = await code.read(params.checksum ?? '').catch((cause: unknown) => {
    throw new FcRefusal('VersionNotFound', { message: 'no function has this code', cause });
  });
  return { headers: { 'content-type': 'application/zip' }, body };
};

export const disableInvocation: Operation = async (request, deps) => {
  const { name } = functionOf(request, deps);
  const { reason } = bodyOf(request.body) as { reason?: string };
  await deps.store.change(name, (record) => ({ ...record, disabled: reason || 'no reason given' }));
  return { body: {} };
};

export const enableInvocation: Operation = async (request, deps) => {
  const { name } = functionOf(request, deps);
  await deps.store.change(name, ({ disabled: _, ...record }) => record);
  return { body: {} };
};

async function storeCode(input: CodeInput, deps: OperationDeps): Promise<Code> {
  if (input.zipFile) return deps.code.add(Buffer.from(input.zipFile, 'base64'), input.checksum);
  const { ossBucketName: bucket = '', ossObjectName: key = '' } = input;
  if (!deps.temporaryBucket) throw new FcRefusal('NotImplemented', 'nothing can be deployed here');
  const zip = await deps.temporaryBucket.fetch(bucket, key);
  return deps.code.add(zip, input.checksum);
}

async function sweep({ store, code }: OperationDeps): Promise<void> {
  const versions = store.list().flatMap(({ latest, versions }) => [latest, ...versions]);
  await code.sweep(
    new Set(versions.flatMap((version) => ('checksum' in version.code ? version.code.checksum : []))),
  );
}

/** doc: who gives a function a role needs `ram:PassRole` for it. */
function checkPassRole(
  request: FcRequest,
  role: string | undefined,
  before: string | undefined,
  { authorize }: OperationDeps,
): void {
  if (role && role !== before) authorize(request, 'ram:PassRole', role.toLowerCase());
}

/** What the API says about a version of a function; empty configurations are left out. */
function describe(record: FunctionRecord, version: VersionRecord, deps: OperationDeps) {
  const { settings, code, created, modified } = version;
  const tags = Object.entries(record.tags).map(([key, value]) => ({ key, value }));
  const given = Object.entries(settings).filter(([name, value]) => name === 'description' || !isEmpty(value));
  return {
    functionName: record.name,
    functionId: record.id,
    functionArn: arnOf(record, deps),
    ...Object.fromEntries(given),
    ...('checksum' in code && { codeChecksum: code.checksum, codeSize: code.size }),
    ...(tags.length > 0 && { tags }),
    createdTime: created,
    lastModifiedTime: modified,
    disableOndemand: false,
    state: 'Active',
    lastUpdateStatus: 'Successful',
  };
}
