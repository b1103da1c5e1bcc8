import * as fs from 'node:fs/promises';
import { logFile } from './scan-log.ts';

/** Where the bytes of a frame are. */
export interface Address {
  /** The number of the log's file. */
  readonly file: number;
  readonly offset: number;
}

/** Reads bytes of the files of a log, which it opens when they are first needed. */
export interface LogReader {
  /** Fewer bytes if the file ends. Rejects if there is no such file. */
  read(at: Address, length: number): Promise<Buffer>;
  /** Closes a file that is to be deleted. */
  forget(file: number): Promise<void>;
  close(): Promise<void>;
}

export function openLogReader(folder: string): LogReader {
  const handles = new Map<number, Promise<fs.FileHandle>>();
  const forget = async (file: number) => {
    const handle = handles.get(file);
    handles.delete(file);
    await (await handle?.catch(() => undefined))?.close();
  };
  return {
    async read({ file, offset }, length) {
      const opened = handles.get(file) ?? fs.open(logFile(folder, file), 'r');
      handles.set(file, opened);
      const handle = await opened.catch((error) => {
        handles.delete(file);
        throw error;
      });
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    forget,
    async close() {
      for (const file of [...handles.keys()]) await forget(file);
    },
  };
}
