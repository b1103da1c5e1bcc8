// s3rver in its own process. Argument: a folder.
import { reportTo } from './report-memory.js';

const { default: S3rver } = await import('s3rver').catch((cause) => {
  throw new Error('s3rver is not installed: run npm ci --prefix bench/local-cloud', { cause });
});
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  directory: process.argv[2],
  silent: true,
  // It computes every signature, but signs another date than S3.
  allowMismatchedSignatures: true,
});
const { port } = await server.run();
reportTo(process, { url: `http://127.0.0.1:${port}` });
