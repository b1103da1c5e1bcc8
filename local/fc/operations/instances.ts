import { functionOf, type Operation } from './operation.ts';

export const listInstances: Operation = (request, deps) => {
  const qualifier = request.query.get('qualifier');
  const instances = deps.invocations
    .instances(functionOf(request, deps).name)
    .filter(({ versionId }) => !qualifier || versionId === qualifier)
    .map(({ instanceId, versionId, createdAt }) => ({
      instanceId,
      versionId,
      qualifier: versionId,
      createdTimeMs: createdAt,
      status: 'Running',
      resourceType: 'NORMAL',
    }));
  return { body: { requestId: deps.newId(), instances } };
};

/** The local cloud has no network of its own, and so no VPC. */
export const listVpcBindings: Operation = (request, deps) => {
  functionOf(request, deps);
  return { body: { vpcIds: [] } };
};

/** Nor layers. */
export const listLayers: Operation = () => ({ body: { layers: [] } });

export const describeRegions: Operation = (_, { region }) => ({
  body: { Regions: { Region: [{ RegionId: region, LocalName: region }] } },
});
