const { createRequire } = require('node:module');

// Stands in for the component that Serverless Devs would fetch: the same commands, and for each the same calls with the same
// official SDKs, in the order in which they were recorded.

const fromProject = createRequire(`${process.env.PROJECT_ROOT}/package.json`);
const Fc = fromProject('@alicloud/fc20230330');
const Fc2 = fromProject('@alicloud/fc2');
const OSS = fromProject('ali-oss');
const Ram = fromProject('@serverless-cd/srm-aliyun-ram20150501');
const Sls = fromProject('@serverless-cd/srm-aliyun-sls20201230');
const { readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { Readable } = require('node:stream');

/** What an update resets if a template does not name it. */
const EMPTY = {
  layers: [],
  nasConfig: { groupId: 0, mountPoints: [], userId: 0 },
  ossMountConfig: { mountPoints: [] },
  tracingConfig: {},
  vpcConfig: { securityGroupId: '', vSwitchIds: [], vpcId: '' },
  instanceIsolationMode: 'SHARE',
  sessionAffinity: 'NONE',
};

/** An error counts as "not there". */
const orNothing = (call) =>
  call.then(
    ({ body }) => body,
    () => undefined,
  );

module.exports = class {
  async getSchema() {
    return readFileSync(join(__dirname, 'schema.json'), 'utf8');
  }

  async deploy(inputs) {
    const { props, options } = await begin(inputs);
    const { functionName: name } = props;
    const { fc } = options;
    const found = await orNothing(fc.getFunction(name, new Fc.GetFunctionRequest({})));
    for (const { triggerName } of props.triggers ?? []) await orNothing(fc.getTrigger(name, triggerName));
    await orNothing(
      fc.getAsyncInvokeConfig(name, new Fc.GetAsyncInvokeConfigRequest({ qualifier: 'LATEST' })),
    );
    await orNothing(fc.listVpcBindings(name));
    await orNothing(fc.getScalingConfig(name, new Fc.GetScalingConfigRequest({ qualifier: 'LATEST' })));
    await orNothing(fc.getConcurrencyConfig(name));
    const logConfig = props.logConfig === 'auto' ? await createLogs(options) : props.logConfig;
    const settings = { ...EMPTY, ...settingsOf(props), logConfig };
    const code = await upload(inputs, options);
    if (found) {
      const body = Object.assign(new Fc.UpdateFunctionInput({}), settings, { code });
      await fc.updateFunction(name, new Fc.UpdateFunctionRequest({ body }));
    } else {
      const body = Object.assign(new Fc.CreateFunctionInput({}), settings, { functionName: name, code });
      await fc.createFunction(new Fc.CreateFunctionRequest({ body }));
    }
    for (const trigger of props.triggers ?? []) await putTrigger(name, trigger, fc);
    await putConfigurations(props, fc);
    return this.info(inputs);
  }

  async info(inputs) {
    const { props, options } = await begin(inputs);
    const { functionName: name } = props;
    const { fc } = options;
    const { body } = await fc.getFunction(name, new Fc.GetFunctionRequest({}));
    const triggers = [];
    for (const { triggerName } of props.triggers ?? [])
      triggers.push((await fc.getTrigger(name, triggerName)).body.toMap());
    return { ...body.toMap(), triggers };
  }

  async plan(inputs) {
    return this.info(inputs);
  }

  async invoke(inputs) {
    const { props, args, options } = await begin(inputs);
    const event = args[args.indexOf('-e') + 1] ?? '';
    const request = new Fc.InvokeFunctionRequest({ qualifier: flagOf(args, '--qualifier') ?? 'LATEST' });
    request.body = Readable.from([Buffer.from(event)]);
    const headers = new Fc.InvokeFunctionHeaders({ xFcInvocationType: 'Sync', xFcLogType: 'Tail' });
    const { headers: answered, body } = await options.fc.invokeFunctionWithOptions(
      props.functionName,
      request,
      headers,
      {},
    );
    const chunks = [];
    for await (const chunk of body) chunks.push(chunk);
    return {
      result: Buffer.concat(chunks).toString(),
      errorType: answered['x-fc-error-type'] ?? '',
      log: Buffer.from(answered['x-fc-log-result'] ?? '', 'base64').toString(),
    };
  }

  async logs(inputs) {
    const { props, options } = await begin(inputs);
    const { body } = await options.fc.getFunction(props.functionName, new Fc.GetFunctionRequest({}));
    const now = Math.floor(Date.now() / 1000);
    const { body: found } = await options.sls.getLogs(
      body.logConfig.project,
      body.logConfig.logstore,
      new Sls.GetLogsRequest({
        from: now - 3600,
        to: now + 60,
        topic: `FCLogs:${props.functionName}`,
        line: 100,
      }),
    );
    return found.map(({ message }) => ({ message }));
  }

  async version(inputs) {
    const { props, args, options } = await begin(inputs);
    const { fc } = options;
    const { functionName: name } = props;
    if (args[0] === 'publish') {
      const body = new Fc.PublishVersionInput({ description: flagOf(args, '--description') });
      const { body: published } = await fc.publishFunctionVersion(
        name,
        new Fc.PublishFunctionVersionRequest({ body }),
      );
      return published.toMap();
    }
    const { body } = await fc.listFunctionVersions(name, new Fc.ListFunctionVersionsRequest({ limit: 100 }));
    return body.toMap();
  }

  async alias(inputs) {
    const { props, args, options } = await begin(inputs);
    const { fc } = options;
    const { functionName: name } = props;
    const aliasName = flagOf(args, '--alias-name');
    const settings = { versionId: flagOf(args, '--version-id') };
    const found = await orNothing(fc.getAlias(name, aliasName));
    if (found) {
      const body = new Fc.UpdateAliasInput(settings);
      return (await fc.updateAlias(name, aliasName, new Fc.UpdateAliasRequest({ body }))).body.toMap();
    }
    const body = new Fc.CreateAliasInput({ ...settings, aliasName });
    return (await fc.createAlias(name, new Fc.CreateAliasRequest({ body }))).body.toMap();
  }

  async concurrency(inputs) {
    const { props, args, options } = await begin(inputs);
    const reservedConcurrency = Number(flagOf(args, '--reserved-concurrency'));
    const body = new Fc.PutConcurrencyInput({ reservedConcurrency });
    await options.fc.putConcurrencyConfig(props.functionName, new Fc.PutConcurrencyConfigRequest({ body }));
    return (await options.fc.getConcurrencyConfig(props.functionName)).body.toMap();
  }

  async remove(inputs) {
    const { props, args, options } = await begin(inputs);
    const { functionName: name } = props;
    const { fc } = options;
    const only = flagOf(args, '--trigger');
    if (only) {
      for (const triggerName of only.split(',')) await orNothing(fc.deleteTrigger(name, triggerName));
      return {};
    }
    await fc.getFunction(name, new Fc.GetFunctionRequest({}));
    await fc.listVpcBindings(name);
    await fc.listScalingConfigs(new Fc.ListScalingConfigsRequest({ functionName: name, limit: 100 }));
    await orNothing(fc.getConcurrencyConfig(name));
    const aliases = (await fc.listAliases(name, new Fc.ListAliasesRequest({ limit: 100 }))).body.aliases;
    const { versions } = (
      await fc.listFunctionVersions(name, new Fc.ListFunctionVersionsRequest({ limit: 100 }))
    ).body;
    const { triggers } = (await fc.listTriggers(name, new Fc.ListTriggersRequest({ limit: 10 }))).body;
    await fc.listAsyncInvokeConfigs(new Fc.ListAsyncInvokeConfigsRequest({ functionName: name, limit: 100 }));
    await fc.deleteAsyncInvokeConfig(name, new Fc.DeleteAsyncInvokeConfigRequest({ qualifier: 'LATEST' }));
    for (const { triggerName } of triggers) await fc.deleteTrigger(name, triggerName);
    await orNothing(fc.deleteConcurrencyConfig(name));
    for (const { aliasName } of aliases) await fc.deleteAlias(name, aliasName);
    for (const { versionId } of versions) await fc.deleteFunctionVersion(name, versionId);
    await fc.deleteFunction(name);
    return {};
  }
};

/** Clients, and the roles of the triggers, which every command looks for. */
async function begin(inputs) {
  const { props, args = [], getCredential } = inputs;
  const { AccountID, AccessKeyID, AccessKeySecret, SecurityToken } = await getCredential();
  const { region } = props;
  const { host } = new URL(process.env.FC_CLIENT_CUSTOM_ENDPOINT);
  const keys = { accessKeyId: AccessKeyID, accessKeySecret: AccessKeySecret, securityToken: SecurityToken };
  const options = {
    accountId: AccountID,
    region,
    keys,
    fc: new Fc.default({
      ...keys,
      endpoint: host,
      protocol: 'http',
      regionId: region,
      readTimeout: 60_000,
      connectTimeout: 60_000,
    }),
    sls: new Sls.default({ ...keys, endpoint: `${region}.log.aliyuncs.com`, regionId: region }),
  };
  const ram = new Ram.default(AccountID, { ...keys, endpoint: 'ram.aliyuncs.com' });
  const triggers = [];
  for (const trigger of props.triggers ?? []) {
    let { invocationRole } = trigger;
    if (!invocationRole && trigger.triggerType === 'oss') invocationRole = await ram.initFcOssTriggerRole();
    if (!invocationRole && trigger.triggerType === 'mns_topic')
      invocationRole = await ram.initFcMnsTriggerRole();
    if (trigger.triggerType === 'eventbridge') {
      await ram.initSlrRole('SENDTOFC');
      await ram.initSlrRole('MNS');
    }
    triggers.push({ ...trigger, invocationRole: invocationRole?.toLowerCase() });
  }
  const role = `acs:ram::${AccountID}:role/${props.role}`.toLowerCase();
  return { props: { ...props, role, triggers }, args, options };
}

function settingsOf(props) {
  const {
    triggers,
    asyncInvokeConfig,
    concurrencyConfig,
    code,
    region,
    functionName,
    logConfig,
    ...settings
  } = props;
  return { internetAccess: true, description: '', ...settings };
}

async function createLogs({ sls, accountId, region }) {
  const project = `serverless-${region}-${accountId}`;
  const logstore = 'default-logs';
  await sls.initSls(new Sls.InitSlsRequest({ project, logstore, description: 'test' }));
  return {
    enableInstanceMetrics: true,
    enableRequestMetrics: true,
    logBeginRule: 'DefaultRegex',
    project,
    logstore,
  };
}

/** To the bucket of the platform that the older API names. */
async function upload({ props, yaml, cwd }, { accountId, region, keys }) {
  const folder = yaml?.path ? join(yaml.path, '..') : cwd;
  const bytes = readFileSync(`${resolve(folder, props.code)}.zip`);
  const fc2 = new Fc2(accountId, {
    accessKeyID: keys.accessKeyId,
    accessKeySecret: keys.accessKeySecret,
    securityToken: keys.securityToken,
    region,
    endpoint: process.env.FC_CLIENT_CUSTOM_ENDPOINT,
    timeout: 60_000,
  });
  const { data } = await fc2.getTempBucketToken();
  const { ossBucket, objectName, credentials } = data;
  const oss = new OSS({
    endpoint: process.env.FC_CODE_TEMP_OSS_ENDPOINT,
    accessKeyId: credentials.AccessKeyId,
    accessKeySecret: credentials.AccessKeySecret,
    stsToken: credentials.SecurityToken,
    bucket: ossBucket,
    timeout: 60_000,
    refreshSTSToken: async () => ({}),
  });
  const ossObjectName = `${accountId}/${objectName}`;
  await oss.put(ossObjectName, bytes);
  return { ossBucketName: ossBucket, ossObjectName };
}

async function putTrigger(name, trigger, fc) {
  const { triggerName, triggerType } = trigger;
  const fields = {
    description: '',
    qualifier: 'LATEST',
    ...trigger,
    triggerConfig: JSON.stringify(trigger.triggerConfig),
  };
  const found = await orNothing(fc.getTrigger(name, triggerName));
  if (!found) {
    const body = new Fc.CreateTriggerInput(fields);
    await fc.createTrigger(name, new Fc.CreateTriggerRequest({ body }));
  } else if (triggerType !== 'mns_topic') {
    const body = new Fc.UpdateTriggerInput(fields);
    await fc.updateTrigger(name, triggerName, new Fc.UpdateTriggerRequest({ body }));
  }
}

async function putConfigurations({ functionName: name, asyncInvokeConfig, concurrencyConfig }, fc) {
  if (asyncInvokeConfig) {
    const body = Object.assign(new Fc.PutAsyncInvokeConfigInput({}), {
      destinationConfig: {},
      ...asyncInvokeConfig,
    });
    await fc.putAsyncInvokeConfig(name, new Fc.PutAsyncInvokeConfigRequest({ qualifier: 'LATEST', body }));
  }
  if (concurrencyConfig) {
    const body = new Fc.PutConcurrencyInput(concurrencyConfig);
    await fc.putConcurrencyConfig(name, new Fc.PutConcurrencyConfigRequest({ body }));
  }
}

function flagOf(args, name) {
  const index = args.indexOf(name);
  return index < 0 ? undefined : args[index + 1];
}
