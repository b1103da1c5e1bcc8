import { expect, test } from 'vitest';
import { createKeyring, type KeyFault } from '../../../local/access/keyring.ts';
import { createSts } from '../../../local/access/sts.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

const FIRST = { accountId: '1', accessKeyId: 'first', accessKeySecret: 'secret of first' };
const SECOND = { accountId: '2', accessKeyId: 'second', accessKeySecret: 'secret of second' };

/** A keyring of two accounts with an STS, and what its look-ups end in. */
function aKeyring() {
  const clock = manualClock();
  const sts = createSts({ accountId: '1', clock, random: seededRandom(1) });
  const keyring = createKeyring({ accounts: [FIRST, SECOND], temporaryCredentials: sts.find, clock });
  const find = (accessKeyId: string, token?: string) => {
    try {
      return keyring.find(accessKeyId, token, (fault) => new Error(fault));
    } catch (error) {
      return (error as Error).message as KeyFault;
    }
  };
  return { clock, sts, keyring, find };
}

test('a keyring finds the secret of each account by its access key', () => {
  const { find } = aKeyring();

  expect(find('first')).toMatchObject({ accountId: '1', accessKeySecret: 'secret of first' });
  expect(find('second')).toMatchObject({ accountId: '2', accessKeySecret: 'secret of second' });
  expect(find('third')).toBe('unknown');
});

test('a long-lived key is found with any token and is marked as not temporary', () => {
  const { find } = aKeyring();

  expect(find('first', 'any')).toMatchObject({ accountId: '1', isTemporary: false });
});

test('a temporary key is found with its own token only', () => {
  const { find, sts } = aKeyring();
  const { accessKeyId, accessKeySecret, securityToken } = sts.issue();

  expect(find(accessKeyId, securityToken)).toMatchObject({
    accountId: '1',
    accessKeySecret,
    isTemporary: true,
  });
  expect(find(accessKeyId)).toBe('no-token');
  expect(find(accessKeyId, `${securityToken}x`)).toBe('wrong-token');
  expect(find(accessKeyId, sts.issue().securityToken)).toBe('wrong-token');
});

test('a temporary key is valid until the millisecond in which it expires', async () => {
  const { clock, find, sts } = aKeyring();
  const { accessKeyId, securityToken } = sts.issue({ durationMs: 1000 });

  await clock.advance(999);
  const before = find(accessKeyId, securityToken);
  await clock.advance(1);
  const after = find(accessKeyId, securityToken);

  expect(before).toMatchObject({ isTemporary: true });
  expect(after).toBe('expired');
});

test('a temporary key is valid for an hour by default', () => {
  const { clock, sts } = aKeyring();

  expect(sts.issue().expiresAt).toBe(clock.now() + 3_600_000);
});

test('a keyring checks signatures by default and belongs to the first account', () => {
  const { keyring } = aKeyring();

  expect(keyring).toMatchObject({ checkSignatures: true, owner: FIRST });
});

test('a keyring without accounts is a wrong configuration', () => {
  expect(() => createKeyring({ accounts: [], clock: manualClock() })).toThrow(
    expect.objectContaining({ code: 'ConfigInvalid', message: 'a service needs at least one account' }),
  );
});

test('a keyring without STS knows only the keys of its accounts', () => {
  const keyring = createKeyring({ accounts: [FIRST], clock: manualClock() });
  const find = (accessKeyId: string) => keyring.find(accessKeyId, undefined, (fault) => new Error(fault));

  expect(find('first')).toMatchObject({ accountId: '1' });
  expect(() => find('STS.other')).toThrow('unknown');
});

test('issued keys have the form of STS and are all different', () => {
  const { sts } = aKeyring();

  const issued = Array.from({ length: 20 }, () => sts.issue());

  for (const { accessKeyId, accessKeySecret, securityToken } of issued) {
    expect(accessKeyId).toMatch(/^STS\.[0-9a-z]{24}$/);
    expect(accessKeySecret).toMatch(/^[0-9a-z]{44}$/);
    expect(securityToken).toMatch(/^[0-9a-z]{200}$/);
  }
  expect(new Set(issued.map(({ accessKeyId }) => accessKeyId)).size).toBe(20);
});
