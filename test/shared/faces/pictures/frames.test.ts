import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Frame, readFrames, writeFrame } from '../../../../shared/faces/pictures/frames.ts';

const frame = fc.record({
  message: fc.record({ text: fc.string(), numbers: fc.array(fc.double({ noNaN: true })) }),
  files: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
});

/** What a stream received, as one buffer. */
function bytesOf(frames: readonly Frame<unknown>[]): Buffer {
  const stream = new PassThrough();
  for (const each of frames) writeFrame(stream, each);
  return (stream.read() as Buffer | null) ?? Buffer.alloc(0);
}

test('frames arrive as they were sent, however the stream is cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      async (sent, lengths) => {
        const bytes = bytesOf(sent);
        const received: Frame<unknown>[] = [];
        const stream = new PassThrough();
        readFrames(stream, (each) => received.push(each));

        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + lengths[i % lengths.length]!;
          stream.write(bytes.subarray(at, end));
          at = end;
        }
        await new Promise((resolve) => stream.end(resolve));
        await new Promise(setImmediate);

        // JSON has no negative zero.
        const plain = JSON.parse(JSON.stringify(sent.map(({ message }) => message)));
        expect(received.map(({ message }) => message)).toEqual(plain);
        expect(received.map(({ files }) => files.map((file) => [...file]))).toEqual(
          sent.map(({ files }) => files.map((file) => [...file])),
        );
      },
    ),
    { numRuns: 60 },
  );
});
