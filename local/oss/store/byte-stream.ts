/** Bytes that are being read. Its owner closes it, also if it was never read. */
export interface ByteStream {
  /** A piece is valid until the next one is asked for. */
  readonly pieces: AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Reads the first piece at once, so that an error comes before anything is answered. */
export async function openByteStream(
  source: AsyncGenerator<Buffer>,
  onClose: () => void,
): Promise<ByteStream> {
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    onClose();
    await source.return(undefined);
  };
  try {
    const first = await source.next();
    return { pieces: startingWith(first, source), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* startingWith(
  first: IteratorResult<Buffer>,
  rest: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
