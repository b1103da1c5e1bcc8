/** An OSS server as a program: takes the data directory, prints its port. For tests that kill it. */
import { startOss } from './support.ts';

const { port } = await startOss({ dataDir: process.argv[2]! });
process.stdout.write(`${port}\n`);
