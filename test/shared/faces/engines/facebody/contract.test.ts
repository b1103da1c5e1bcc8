import { afterAll, beforeAll } from 'vitest';
import { createFaceBodyEngine } from '../../../../../shared/faces/engines/facebody/engine.ts';
import { createLocalEngine } from '../../../../../shared/faces/engines/local/engine.ts';
import { faceEngineContract } from '../../../../contracts/face-engine.ts';
import { type FaceBodyServer, startFaceBody } from '../../../../local/facebody/support.ts';
import { engineInProcess } from '../../../../support/engine-in-process.ts';
import { fakeEngine } from '../../../../support/fake-engine.ts';
import { clientOf } from './support.ts';

const inside = engineInProcess(createLocalEngine());
let server: FaceBodyServer;
beforeAll(async () => {
  server = await startFaceBody({ engine: inside });
});
afterAll(async () => {
  await server.stop();
  await inside.close();
});

faceEngineContract(
  'facebody',
  () => createFaceBodyEngine({ client: clientOf(server.endpoint), pictures: fakeEngine() }),
  {
    attributes: ['age', 'gender', 'expression', 'glasses', 'hat', 'mask'],
    embeddings: false,
  },
);
