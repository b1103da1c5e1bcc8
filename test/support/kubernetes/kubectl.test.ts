import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../temp-dir.ts';
import { startTestApi } from './index.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { findKubectl, runKubectl } from './kubectl.ts';
import { aDeployment, aWidget, WIDGET_CRD, yaml } from './widgets.ts';

const path = findKubectl();

/** Runs real kubectl against a test API. Returns its standard output, or throws its error message. */
async function startWithKubectl() {
  const { api } = await startTestApi();
  const home = await tempDir();
  const kubeconfig = join(home, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(api));
  const run = (args: string, input?: string) =>
    runKubectl({ path: path!, kubeconfig, home }, args.split(' '), input);
  const kubectl = async (args: string, input?: string) => {
    const said = await run(args, input);
    if (said.code !== 0) throw new Error(`kubectl ${args}: ${said.stderr}`);
    return said.stdout;
  };
  return { api, run, kubectl, home };
}

async function startWithWidgets() {
  const started = await startWithKubectl();
  await started.kubectl('apply -f -', yaml(WIDGET_CRD));
  await started.kubectl('wait --for condition=established crd/widgets.example.com --timeout 10s');
  return started;
}

describe.skipIf(!path)('kubectl', () => {
  test('kubectl apply creates, leaves unchanged and patches', async () => {
    const { kubectl } = await startWithWidgets();

    const created = await kubectl('apply -f -', yaml(aWidget(), aDeployment()));
    const again = await kubectl('apply -f -', yaml(aWidget(), aDeployment()));
    const changed = await kubectl(
      'apply -f -',
      yaml(aWidget({ replicas: 4 }), aDeployment('example.org/echo:2')),
    );

    expect(created).toBe('widget.example.com/one created\ndeployment.apps/echo created\n');
    expect(again).toBe('widget.example.com/one unchanged\ndeployment.apps/echo unchanged\n');
    expect(changed).toBe('widget.example.com/one configured\ndeployment.apps/echo configured\n');
    expect(await kubectl('get widget one -o jsonpath={.spec.replicas}/{.metadata.generation}')).toBe('4/2');
  });

  test('kubectl reports unknown fields, invalid values and broken rules', async () => {
    const { run } = await startWithWidgets();

    const unknown = await run('apply -f -', yaml(aWidget({ colour: 'red' })));
    const wrong = await run('apply -f -', yaml(aWidget({ color: 'green', label: 'Too long' })));
    const broken = await run('apply -f -', yaml(aWidget({ most: 1 })));
    const misspelt = await run('apply -f -', yaml(aDeployment()).replace('image:', 'imgae:'));

    expect(unknown.stderr).toContain('strict decoding error: unknown field "spec.colour"');
    expect(wrong.stderr).toContain('spec.color: Unsupported value: "green": supported values: "red", "blue"');
    expect(wrong.stderr).toContain("spec.label in body should match '^[a-z]*$'");
    expect(broken.stderr).toContain('spec: Invalid value: "object": replicas must not be above most');
    expect(misspelt.stderr).toContain('unknown field "spec.template.spec.containers[0].imgae"');
  });

  test('kubectl prints columns, finds by short name and category, and waits for conditions', async () => {
    const { kubectl } = await startWithWidgets();
    await kubectl('apply -f -', yaml(aWidget()));

    const status = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}';
    await kubectl(`patch wd one --subresource status --type merge -p ${status}`);
    await kubectl('wait --for=condition=Ready wd/one --timeout 10s');
    const rows = await kubectl('get wd');

    expect(rows).toMatch(/^NAME +COLOR +READY +AGE\none +red +True +\d+s\n$/);
    expect(await kubectl('get parts -o name')).toBe('widget.example.com/one\n');
  });

  test('kubectl scales through the subresource', async () => {
    const { kubectl } = await startWithWidgets();
    await kubectl('apply -f -', yaml(aWidget(), aDeployment()));

    await kubectl('scale wd one --replicas 7');
    await kubectl('scale deployment echo --replicas 3');

    expect(await kubectl('get wd one -o jsonpath={.spec.replicas}')).toBe('7');
    expect(await kubectl('get deploy echo -o jsonpath={.spec.replicas}')).toBe('3');
  });

  test('kubectl diff shows differences without writing', async () => {
    const { run, kubectl } = await startWithWidgets();
    await kubectl('apply -f -', yaml(aWidget()));

    const diff = await run('diff -f -', yaml(aWidget({ replicas: 9 })));
    const dry = await kubectl('apply --dry-run=server -f -', yaml(aWidget({ replicas: 9 })));

    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/- {2}replicas: 2\n\+ {2}replicas: 9/);
    expect(dry).toBe('widget.example.com/one configured (server dry run)\n');
    expect(await kubectl('get wd one -o jsonpath={.spec.replicas}')).toBe('2');
  });

  test('kubectl explain knows fields of custom and built-in kinds', async () => {
    const { kubectl } = await startWithWidgets();

    expect(await kubectl('explain widget.spec.color')).toContain('What it looks like.');
    expect(await kubectl('explain widget.spec.parts')).toMatch(/name\s+<string> -required-/);
    expect(await kubectl('explain deployment.spec.template.spec.containers')).toMatch(
      /readinessProbe\s+<V1Probe>/,
    );
  });

  test('kubectl applies on the server, and names the manager of a conflict', async () => {
    const { kubectl, run } = await startWithWidgets();
    await kubectl('apply --server-side --field-manager a -f -', yaml(aWidget({ replicas: 1 })));

    const refused = await run('apply --server-side --field-manager b -f -', yaml(aWidget({ replicas: 2 })));
    await kubectl(
      'apply --server-side --field-manager b --force-conflicts -f -',
      yaml(aWidget({ replicas: 2 })),
    );

    expect(refused.stderr).toContain('conflict with "a": .spec.replicas');
    expect(await kubectl('get wd one -o jsonpath={.spec.replicas}')).toBe('2');
  });

  test('kubectl delete waits for finalizers', async () => {
    const { kubectl, run } = await startWithWidgets();
    await kubectl('apply -f -', yaml(aWidget({}, { finalizers: ['example.com/held'] })));

    const held = await run('delete wd one --timeout 1s');
    await kubectl('patch wd one --type json -p [{"op":"remove","path":"/metadata/finalizers"}]');
    const gone = await run('get wd one');

    expect(held.stderr).toContain('timed out waiting for the condition');
    expect(gone.stderr).toContain('widgets.example.com "one" not found');
  });

  test('kubectl describes objects, and lists the kinds of a category', async () => {
    const { kubectl } = await startWithWidgets();
    await kubectl('apply -f -', yaml(aDeployment()));

    expect(await kubectl('describe deployment echo')).toMatch(/Image: +example.org\/echo:1/);
    expect(await kubectl('api-resources --categories parts -o name')).toBe('widgets.example.com\n');
    expect(await kubectl('version -o json')).toContain('"serverVersion"');
  });

  test('kubectl deletes a namespace with its objects', async () => {
    const { kubectl, run } = await startWithWidgets();
    await kubectl('apply -f -', yaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } }));
    await kubectl('apply -f -', yaml(aWidget({}, { namespace: 'team' })));

    await kubectl('delete namespace team --timeout 10s');

    expect((await run('get namespace team')).stderr).toContain('not found');
    expect(await kubectl('get wd -A')).toBe('');
  });
});
