import { expect, test } from 'vitest';
import { customResourceDefinition } from '../../../../functions/mnsoss-controller/source/crd.ts';

type Node = Record<string, unknown>;

const definition = customResourceDefinition() as unknown as {
  metadata: { name: string; labels: Node; annotations: Record<string, string> };
  spec: {
    group: string;
    names: { plural: string; kind: string; categories: string[] };
    versions: [{ schema: { openAPIV3Schema: Node }; additionalPrinterColumns: { name: string }[] }];
  };
};
const [version] = definition.spec.versions;
const schema = version.schema.openAPIV3Schema;

function* nodes(node: unknown, path = ''): Iterable<[string, Node]> {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) yield [path, node as Node];
  for (const [key, value] of Object.entries(node)) yield* nodes(value, `${path}/${key}`);
}

test('the CRD has the labels by which Knative knows a source, and the name that Knative derives', () => {
  expect(definition.metadata.labels).toMatchObject({
    'duck.knative.dev/source': 'true',
    'eventing.knative.dev/source': 'true',
    'knative.dev/crd-install': 'true',
  });
  expect(definition.spec.names.plural).toBe(`${definition.spec.names.kind.toLowerCase()}s`);
  expect(definition.metadata.name).toBe(`${definition.spec.names.plural}.${definition.spec.group}`);
  expect(definition.spec.names.categories).toContain('sources');
  expect(version.additionalPrinterColumns.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Sink', 'Ready', 'Reason', 'Age']),
  );
});

test('the CRD lists its event types in the form that Knative reads', () => {
  const types = JSON.parse(definition.metadata.annotations['registry.knative.dev/eventTypes']!);

  expect(types).toContainEqual({ type: 'oss:ObjectCreated:PutObject', description: expect.any(String) });
});

test('the CRD has patterns that Go can compile', () => {
  const patterns = [...nodes(schema)]
    .map(([, { pattern }]) => pattern)
    .filter((one) => typeof one === 'string');

  expect(patterns.length).toBeGreaterThan(3);
  for (const pattern of patterns) expect(pattern).not.toMatch(/\(\?[=!<]|\\[1-9]/);
});

test('the CRD is structural: every value has a type, and no alternative has its own', () => {
  const values = [...nodes(schema)].filter(([path]) =>
    /\/(properties\/[^/]+|items|additionalProperties)$/.test(path),
  );

  for (const [path, node] of values) {
    expect([path, node.type ?? node['x-kubernetes-int-or-string']]).toEqual([path, expect.anything()]);
    expect([path, node.$ref, node.nullable, node.additionalProperties === false]).toEqual([
      path,
      undefined,
      undefined,
      false,
    ]);
  }
});

test('the CRD bounds what its rules read, so that the API server can estimate their cost', () => {
  const looked = [...nodes(schema)].filter(([, node]) => Array.isArray(node['x-kubernetes-validations']));

  expect(looked.length).toBe(4);
  for (const [, node] of looked) {
    if (node.additionalProperties) expect(node.maxProperties).toBeLessThanOrEqual(64);
    const fields = (node.properties ?? {}) as Record<string, Node>;
    if (JSON.stringify(node['x-kubernetes-validations']).includes('self.uri.matches')) {
      expect(fields.uri?.maxLength).toBeLessThanOrEqual(2048);
    }
  }
});
