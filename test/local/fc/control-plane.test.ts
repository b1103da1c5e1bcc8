import { describe, expect, test } from 'vitest';
import { tempDir } from '../../support/temp-dir.ts';
import { deploy, fcClientOf, invoke, models, openCloud, versionCode, zipOf } from './deployed.ts';

const codeOf = (client: Promise<unknown>) =>
  client.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );

const updateCode = (text: string) =>
  new models.UpdateFunctionRequest({
    body: new models.UpdateFunctionInput({
      code: new models.InputCodeLocation({ zipFile: zipOf({ 'index.js': text }) }),
    }),
  });

describe('functions', () => {
  test('a function that is created is listed, read, called, changed and deleted by the official SDK', async () => {
    const client = fcClientOf(await openCloud());

    const created = await deploy(client, versionCode('one'), {
      description: 'echoes',
      environmentVariables: { COLOR: 'red' },
    });
    const { body: read } = await client.getFunction('probe', new models.GetFunctionRequest());
    const { body: list } = await client.listFunctions(new models.ListFunctionsRequest({ prefix: 'pro' }));
    const first = await invoke(client, 'hello');
    await client.updateFunction('probe', updateCode(versionCode('two')));
    const second = await invoke(client, 'hello');
    const { body: changed } = await client.getFunction('probe', new models.GetFunctionRequest());
    await client.deleteFunction('probe');

    expect(created).toMatchObject({
      functionName: 'probe',
      runtime: 'nodejs20',
      memorySize: 512,
      state: 'Active',
      lastUpdateStatus: 'Successful',
      environmentVariables: { COLOR: 'red' },
    });
    expect(created.functionArn).toBe('acs:fc:cn-shanghai:1234567890123456:functions/probe');
    expect(created.codeChecksum).toMatch(/^\d+$/);
    expect(read).toMatchObject({ description: 'echoes', functionId: created.functionId });
    expect(list!.functions!.map(({ functionName }) => functionName)).toEqual(['probe']);
    expect([first.text, second.text]).toEqual(['one:hello', 'two:hello']);
    // The update named nothing but the code.
    expect(changed).toMatchObject({ description: 'echoes', environmentVariables: { COLOR: 'red' } });
    expect(changed!.codeChecksum).not.toBe(created.codeChecksum);
    expect(await codeOf(client.getFunction('probe', new models.GetFunctionRequest()))).toBe(
      'FunctionNotFound',
    );
  });

  test('the code of a function can be downloaded again', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(client, versionCode('one'));

    const { body } = await client.getFunctionCode('probe', new models.GetFunctionCodeRequest());
    const bytes = Buffer.from(await (await fetch(body!.url!)).arrayBuffer());

    expect(bytes.toString('base64')).toBe(zipOf({ 'index.js': versionCode('one') }));
  });

  test.each<[string, Partial<models.CreateFunctionInput>, string]>([
    ['a name with a dot', { functionName: 'a.b' }, 'InvalidArgument'],
    ['memory that is no multiple of 64 MB', { memorySize: 500 }, 'InvalidArgument'],
    ['memory that does not fit the CPU', { cpu: 2, memorySize: 512 }, 'InvalidArgument'],
    ['a handler without an export', { handler: 'index' }, 'InvalidArgument'],
    ['a timeout above a day', { timeout: 86_401 }, 'InvalidArgument'],
    ['a role that is no ARN', { role: 'mnsoss' }, 'InvalidArgument'],
    ['a disk of another size', { diskSize: 1024 }, 'InvalidArgument'],
    ['5 KB of variables', { environmentVariables: { A: 'x'.repeat(5000) } }, 'InvalidArgument'],
    ['a runtime that this machine is not', { runtime: 'python3.10' }, 'NotImplemented'],
    ['a layer', { layers: ['acs:fc:cn-shanghai:1:layers/x/versions/1'] }, 'NotImplemented'],
  ])('the API refuses %s', async (_, settings, code) => {
    const client = fcClientOf(await openCloud());

    expect(await codeOf(deploy(client, versionCode('one'), settings))).toBe(code);
    const { body } = await client.listFunctions(new models.ListFunctionsRequest());
    expect(body!.functions).toEqual([]);
  });

  test('the API refuses a zip that is none, a wrong checksum, and a second function of a name', async () => {
    const client = fcClientOf(await openCloud());
    const code = (input: Record<string, string>) => ({ code: new models.InputCodeLocation(input) });
    const zipFile = zipOf({ 'index.js': versionCode('one') });

    const codes = [
      await codeOf(deploy(client, '', code({ zipFile: Buffer.from('no zip').toString('base64') }))),
      await codeOf(deploy(client, '', code({ zipFile, checksum: '1' }))),
      await codeOf(deploy(client, '', code({}))),
      await codeOf(deploy(client, versionCode('one'))),
      await codeOf(deploy(client, versionCode('one'))),
    ];

    expect(codes).toEqual([
      'InvalidArgument',
      'InvalidArgument',
      'InvalidArgument',
      'no error',
      'FunctionAlreadyExists',
    ]);
  });

  test('a function that is disabled is not invoked until it is enabled', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(client, versionCode('one'));

    await client.disableFunctionInvocation(
      'probe',
      new models.DisableFunctionInvocationRequest({ reason: 'repair' }),
    );
    const refused = await codeOf(invoke(client, 'hello'));
    await client.enableFunctionInvocation('probe');
    const { text } = await invoke(client, 'hello');

    expect([refused, text]).toEqual(['FunctionDisabled', 'one:hello']);
  });
});

describe('versions and aliases', () => {
  test('an alias goes to a version, and back to an earlier one', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(client, versionCode('one'));
    const publish = async () =>
      (await client.publishFunctionVersion('probe', new models.PublishFunctionVersionRequest())).body!
        .versionId!;
    const point = (versionId: string) =>
      client.updateAlias('probe', 'live', new models.UpdateAliasRequest({ body: { versionId } as never }));

    const first = await publish();
    await client.createAlias(
      'probe',
      new models.CreateAliasRequest({
        body: new models.CreateAliasInput({ aliasName: 'live', versionId: first }),
      }),
    );
    const answers = [(await invoke(client, 'a', { qualifier: 'live' })).text];
    await client.updateFunction('probe', updateCode(versionCode('two')));
    answers.push((await invoke(client, 'b', { qualifier: 'live' })).text);
    await point(await publish());
    answers.push((await invoke(client, 'c', { qualifier: 'live' })).text);
    await point(first);
    answers.push((await invoke(client, 'd', { qualifier: 'live' })).text);

    expect(answers).toEqual(['one:a', 'one:b', 'two:c', 'one:d']);
    expect(await codeOf(client.deleteFunctionVersion('probe', first))).toBe('InvalidArgument');
  });

  test('a canary gets its part of the calls', async () => {
    let drawn = 0;
    const client = fcClientOf(await openCloud({ random: () => (drawn++ % 10) / 10 }));
    await deploy(client, versionCode('one'));
    await client.publishFunctionVersion('probe', new models.PublishFunctionVersionRequest());
    await client.updateFunction('probe', updateCode(versionCode('two')));
    await client.publishFunctionVersion('probe', new models.PublishFunctionVersionRequest());

    await client.createAlias(
      'probe',
      new models.CreateAliasRequest({
        body: new models.CreateAliasInput({
          aliasName: 'live',
          versionId: '1',
          additionalVersionWeight: { 2: 0.5 },
        }),
      }),
    );
    const texts: string[] = [];
    for (let call = 0; call < 20; call++) texts.push((await invoke(client, '', { qualifier: 'live' })).text);

    expect([...new Set(texts)].sort()).toEqual(['one:', 'two:']);
  });

  test('a version that nobody published, and an alias of it, are refused', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(client, versionCode('one'));

    expect(await codeOf(invoke(client, '', { qualifier: '9' }))).toBe('VersionNotFound');
    expect(await codeOf(invoke(client, '', { qualifier: 'live' }))).toBe('AliasNotFound');
    const body = new models.CreateAliasInput({ aliasName: 'live', versionId: '9' });
    expect(await codeOf(client.createAlias('probe', new models.CreateAliasRequest({ body })))).toBe(
      'VersionNotFound',
    );
  });
});

describe('configurations', () => {
  test('those of asynchronous calls, concurrency, provision and scaling are kept, listed and deleted', async () => {
    const client = fcClientOf(await openCloud());
    await deploy(client, versionCode('one'));
    const onFailure = {
      destination: 'acs:mns:cn-shanghai:1234567890123456:/queues/face-dead-letters/messages',
    };

    await client.putAsyncInvokeConfig(
      'probe',
      new models.PutAsyncInvokeConfigRequest({
        qualifier: 'LATEST',
        body: new models.PutAsyncInvokeConfigInput({
          maxAsyncRetryAttempts: 2,
          maxAsyncEventAgeInSeconds: 600,
          destinationConfig: new models.DestinationConfig({
            onFailure: new models.Destination(onFailure),
          }),
        }),
      }),
    );
    await client.putConcurrencyConfig(
      'probe',
      new models.PutConcurrencyConfigRequest({
        body: new models.PutConcurrencyInput({ reservedConcurrency: 2 }),
      }),
    );
    await client.putScalingConfig(
      'probe',
      new models.PutScalingConfigRequest({
        qualifier: 'LATEST',
        body: new models.PutScalingConfigInput({ minInstances: 0 }),
      }),
    );
    const async = (
      await client.getAsyncInvokeConfig(
        'probe',
        new models.GetAsyncInvokeConfigRequest({ qualifier: 'LATEST' }),
      )
    ).body!;
    const concurrency = (await client.getConcurrencyConfig('probe')).body!;
    const listed = (
      await client.listConcurrencyConfigs(new models.ListConcurrencyConfigsRequest({ functionName: 'probe' }))
    ).body!;
    await client.deleteConcurrencyConfig('probe');

    expect(async).toMatchObject({ maxAsyncRetryAttempts: 2, destinationConfig: { onFailure } });
    expect(concurrency.reservedConcurrency).toBe(2);
    expect(listed.configs).toHaveLength(1);
    expect(await codeOf(client.getConcurrencyConfig('probe'))).not.toBe('no error');
  });

  test('tags are set, found and taken away; layers and VPC bindings are empty lists', async () => {
    const client = fcClientOf(await openCloud());
    const { functionArn } = await deploy(client, versionCode('one'));

    await client.tagResources(
      new models.TagResourcesRequest({
        body: new models.TagResourcesInput({
          resourceType: 'function',
          resourceId: [functionArn!],
          tag: [new models.Tag({ key: 'stage', value: 'test' })],
        }),
      }),
    );
    const listed = async (request: Partial<models.ListTagResourcesRequest>) =>
      (
        await client.listTagResources(
          new models.ListTagResourcesRequest({ resourceType: 'function', ...request }),
        )
      ).body!.tagResources!;
    const tagged = await listed({ resourceId: [functionArn!] });
    const others = await listed({
      tag: [new models.ListTagResourcesRequestTag({ key: 'stage', value: 'live' })],
    });
    await client.untagResources(
      new models.UntagResourcesRequest({
        resourceType: 'function',
        resourceId: [functionArn!],
        tagKey: ['stage'],
      }),
    );
    const layers = (await client.listLayers(new models.ListLayersRequest())).body!;
    const bindings = (await client.listVpcBindings('probe')).body!;

    expect(tagged).toMatchObject([{ resourceId: functionArn, tagKey: 'stage', tagValue: 'test' }]);
    expect([others, await listed({})]).toEqual([[], []]);
    expect(layers.layers).toEqual([]);
    expect(bindings.vpcIds ?? []).toEqual([]);
  });

  test('everything that was deployed is there after a restart, triggers and versions too', async () => {
    const dataDir = await tempDir();
    const cloud = await openCloud({ dataDir });
    const client = fcClientOf(cloud);
    await deploy(client, versionCode('one'), { environmentVariables: { COLOR: 'red' } });
    await client.publishFunctionVersion('probe', new models.PublishFunctionVersionRequest());
    await client.createTrigger(
      'probe',
      new models.CreateTriggerRequest({
        body: new models.CreateTriggerInput({
          triggerName: 'daily',
          triggerType: 'timer',
          triggerConfig: JSON.stringify({ cronExpression: '0 0 4 * * *', enable: true, payload: '' }),
        }),
      }),
    );
    await cloud.close();

    const later = fcClientOf(await openCloud({ dataDir }));
    const { body: triggers } = await later.listTriggers('probe', new models.ListTriggersRequest());
    const { body: read } = await later.getFunction(
      'probe',
      new models.GetFunctionRequest({ qualifier: '1' }),
    );

    expect(triggers!.triggers!.map(({ triggerName }) => triggerName)).toEqual(['daily']);
    expect(read!.environmentVariables).toEqual({ COLOR: 'red' });
    expect((await invoke(later, 'hello', { qualifier: '1' })).text).toBe('one:hello');
  });
});

test('what remains of the API answers the official SDK', async () => {
  const cloud = await openCloud();
  const client = fcClientOf(cloud);
  await deploy(client, versionCode('one'));
  await client.publishFunctionVersion('probe', new models.PublishFunctionVersionRequest());
  const alias = new models.CreateAliasInput({ aliasName: 'live', versionId: '1' });
  await client.createAlias('probe', new models.CreateAliasRequest({ body: alias }));
  const timer = (cronExpression: string) => JSON.stringify({ cronExpression, enable: false, payload: '' });
  const trigger = new models.CreateTriggerInput({
    triggerName: 'timer',
    triggerType: 'timer',
    triggerConfig: timer('@every 1m'),
  });
  await client.createTrigger('probe', new models.CreateTriggerRequest({ body: trigger }));
  const change = new models.UpdateTriggerInput({ triggerConfig: timer('@every 2m') });
  const target = { qualifier: 'live' };
  const provision = new models.PutProvisionConfigInput({ defaultTarget: 1 });

  const answers = {
    versions: (await client.listFunctionVersions('probe', new models.ListFunctionVersionsRequest())).body,
    alias: (await client.getAlias('probe', 'live')).body,
    aliases: (await client.listAliases('probe', new models.ListAliasesRequest())).body,
    trigger: (await client.updateTrigger('probe', 'timer', new models.UpdateTriggerRequest({ body: change })))
      .body,
    read: (await client.getTrigger('probe', 'timer')).body,
    provision: (
      await client.putProvisionConfig(
        'probe',
        new models.PutProvisionConfigRequest({ ...target, body: provision }),
      )
    ).body,
    provisions: (await client.listProvisionConfigs(new models.ListProvisionConfigsRequest())).body,
    scalings: (await client.listScalingConfigs(new models.ListScalingConfigsRequest())).body,
    asyncs: (await client.listAsyncInvokeConfigs(new models.ListAsyncInvokeConfigsRequest())).body,
    regions: (await client.describeRegions(new models.DescribeRegionsRequest())).body,
  };
  await invoke(client, 'hello');
  const instances = (await client.listInstances('probe', new models.ListInstancesRequest())).body!;
  await client.deleteProvisionConfig('probe', new models.DeleteProvisionConfigRequest(target));
  await client.deleteTrigger('probe', 'timer');
  await client.deleteAlias('probe', 'live');
  await client.deleteFunctionVersion('probe', '1');

  expect(answers).toMatchObject({
    versions: { versions: [{ versionId: '1' }] },
    alias: { aliasName: 'live', versionId: '1' },
    aliases: { aliases: [{ aliasName: 'live' }] },
    trigger: { triggerName: 'timer' },
    read: { triggerConfig: timer('@every 2m') },
    provision: { defaultTarget: 1 },
    provisions: { provisionConfigs: [{ defaultTarget: 1 }] },
    scalings: { scalingConfigs: [] },
    asyncs: { configs: [] },
  });
  expect(JSON.stringify(answers.regions)).toContain('cn-shanghai');
  expect(instances.instances!.length).toBeGreaterThan(0);
  expect(await codeOf(client.getAlias('probe', 'live'))).toBe('AliasNotFound');
  expect(await codeOf(client.getTrigger('probe', 'timer'))).toBe('TriggerNotFound');
});

describe('requests', () => {
  test('a wrong secret is refused with a code and a request id', async () => {
    const cloud = await openCloud();

    const stranger = fcClientOf(cloud, { ...cloud.credentials, accessKeySecret: 'wrong' });

    expect(await codeOf(stranger.listFunctions(new models.ListFunctionsRequest()))).toBe('SignatureNotMatch');
  });

  test('an operation that the cloud does not have answers with a code, a message and a request id', async () => {
    const client = fcClientOf(await openCloud());

    const error = await client
      .listCustomDomains(new models.ListCustomDomainsRequest())
      .catch((thrown: { code: string; message: string; data: unknown }) => thrown);

    expect(error).toMatchObject({ code: 'NotImplemented' });
    expect(JSON.stringify(error)).toContain('custom-domains');
  });
});

describe('tasks', () => {
  test('an asynchronous call with an id is a task that can be read, listed and counted once', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, versionCode('one'));

    const { status } = await invoke(client, 'hello', { async: true, taskId: 'task-1' });
    const second = await codeOf(invoke(client, 'hello', { async: true, taskId: 'task-1' }));
    await (await cloud.fc.functions()).settled();
    const { body: task } = await client.getAsyncTask('probe', 'task-1', new models.GetAsyncTaskRequest());
    const { body: list } = await client.listAsyncTasks('probe', new models.ListAsyncTasksRequest());

    expect([status, second]).toEqual([202, 'StatefulAsyncInvocationAlreadyExists']);
    expect(task).toMatchObject({ taskId: 'task-1', status: 'Succeeded' });
    expect(list!.tasks!.map(({ taskId }) => taskId)).toEqual(['task-1']);
  });

  test('a task that runs is killed when it is stopped, and is not retried', async () => {
    const cloud = await openCloud();
    const client = fcClientOf(cloud);
    await deploy(client, 'exports.handler = () => new Promise(() => setInterval(() => {}, 1000));');

    await invoke(client, '', { async: true, taskId: 'endless' });
    await client.stopAsyncTask('probe', 'endless', new models.StopAsyncTaskRequest());
    await (await cloud.fc.functions()).settled();
    const { body: task } = await client.getAsyncTask('probe', 'endless', new models.GetAsyncTaskRequest());

    expect(task!.status).toBe('Stopped');
  });
});
