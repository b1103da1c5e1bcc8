import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDirectoryStore } from '../../../shared/oss/directory.ts';
import { objectStoreContract } from '../../contracts/object-store.ts';

objectStoreContract(
  'the directory store',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'directory-store-'));
    const store = createDirectoryStore({ directory });
    return {
      store,
      async close() {
        await store.close();
        await rm(directory, { recursive: true });
      },
    };
  },
  {
    async openMissing() {
      const store = createDirectoryStore({ directory: join(tmpdir(), 'directory-store-absent') });
      return { store, close: store.close };
    },
  },
);

describe('the directory store as a directory', () => {
  const directories: string[] = [];
  const prepare = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'directory-store-'));
    directories.push(directory);
    return { directory, store: createDirectoryStore({ directory }) };
  };

  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });

  it('holds objects as plain files under their keys', async () => {
    const { directory, store } = await prepare();

    await store.put('incoming/张伟 1.jpg', Buffer.from('bytes'));

    await expect(readFile(join(directory, 'incoming/张伟 1.jpg'), 'utf8')).resolves.toBe('bytes');
  });

  it('adopts a file that was dropped in, and follows a change by hand', async () => {
    const { directory, store } = await prepare();
    await writeFile(join(directory, 'dropped.jpg'), 'one');

    const first = await store.head('dropped.jpg');
    await writeFile(join(directory, 'dropped.jpg'), 'changed');
    const second = await store.head('dropped.jpg');

    expect(first).toMatchObject({
      size: 3,
      contentType: 'image/jpeg',
      etag: 'F97C5D29941BFB1B2FDAB0874906AB82',
    });
    expect(second).toMatchObject({ size: 7, etag: '8977DFAC2F8E04CB96E66882235F5ABA' });
  });

  it('finds the metadata in a store that is opened later', async () => {
    const { directory, store } = await prepare();
    await store.put('k', Buffer.from('x'), { contentType: 'text/plain', metadata: { a: '1' } });
    await store.close();

    const head = await createDirectoryStore({ directory }).head('k');

    expect(head).toMatchObject({ contentType: 'text/plain', metadata: { a: '1' } });
  });

  it('leaves neither directories nor temporary files behind', async () => {
    const { directory, store } = await prepare();
    await store.put('a/b/c/d', Buffer.from('x'));

    await store.delete('a/b/c/d');

    await expect(readdir(directory)).resolves.toEqual(['.mnsoss']);
    await expect(readdir(join(directory, '.mnsoss/tmp'))).resolves.toEqual([]);
  });

  it('removes what a process that died had received, but not what another receives', async () => {
    const { directory, store } = await prepare();
    const temporary = join(directory, '.mnsoss/tmp');
    await mkdir(temporary, { recursive: true });
    await writeFile(join(temporary, 'left-behind'), 'x');
    await utimes(join(temporary, 'left-behind'), new Date(0), new Date(0));
    await writeFile(join(temporary, 'under-way'), 'x');

    await store.put('k', Buffer.from('x'));

    await expect(readdir(temporary)).resolves.toEqual(['under-way']);
  });

  it('follows no link out of the directory', async () => {
    const { directory, store } = await prepare();
    await symlink('/etc/passwd', join(directory, 'link'));

    await expect(store.head('link')).resolves.toBeUndefined();
    await store.put('link', Buffer.from('mine'));

    await expect(readFile(join(directory, 'link'), 'utf8')).resolves.toBe('mine');
  });

  it('takes no foreign file for an object that its name could not be', async () => {
    const { directory, store } = await prepare();
    await writeFile(join(directory, '50%off.jpg'), 'x');
    await writeFile(join(directory, '.DS_Store'), 'x');

    const keys = [];
    for await (const entry of store.list()) keys.push(entry.key);

    expect(keys).toEqual([]);
  });
});
