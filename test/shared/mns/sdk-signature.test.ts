import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signMnsV2, stringToSignMnsV2 } from '../../../shared/mns/signature.ts';
import { type AlicloudMns, createAlicloudMns } from '../../support/alicloud-mns-queue.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

/** What @alicloud/mns really sends, captured from the wire, against our signature of the same request. */

const KEYS = { accessKeyId: 'ak', accessKeySecret: 'sk', securityToken: 'token' };
let server: ScriptedServer;
let sdk: AlicloudMns;

beforeAll(async () => {
  server = await startScriptedServer(() => ({ status: 204 }));
  sdk = createAlicloudMns({ ...KEYS, endpoint: server.url });
});
afterAll(() => server.close());

const handle = fc.stringMatching(/^[A-Za-z0-9_.~-]{1,40}$/);
const calls = fc.oneof(
  fc.record({ method: fc.constant('POST'), body: fc.string({ unit: 'grapheme' }) }),
  fc.record({ method: fc.constant('PUT'), handle, seconds: fc.nat(43_200) }),
  fc.record({ method: fc.constant('DELETE'), handle }),
  fc.record({ method: fc.constant('GET'), count: fc.integer({ min: 1, max: 16 }), wait: fc.nat(30) }),
);

test('the MNS client signs any call as @alicloud/mns does', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async (call) => {
      if ('body' in call) await sdk.sendMessage('q', { MessageBody: call.body });
      else if ('seconds' in call) await sdk.changeMessageVisibility('q', call.handle, call.seconds);
      else if ('handle' in call) await sdk.batchDeleteMessage('q', [call.handle]);
      else await sdk.batchReceiveMessage('q', call.count, call.wait).catch(ignoreMissingBody);

      const { method, target, headers } = server.requests.at(-1)!;
      const signature = signMnsV2(
        KEYS.accessKeySecret,
        stringToSignMnsV2({ method: call.method, headers, target }),
      );
      expect(method).toBe(call.method);
      expect(headers.authorization).toBe(`MNS ${KEYS.accessKeyId}:${signature}`);
    }),
    { numRuns: 60 },
  );
});

/** The SDK reads fields of a body that this server does not send; the request is what counts. */
function ignoreMissingBody(error: unknown): void {
  if (!(error instanceof TypeError)) throw error;
}
