import { listen } from '../../../local/http/server.ts';
import { createMns } from '../../../local/mns/index.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';

/** A server in a process of its own, for a test that kills it. Arguments: data directory and account as JSON. */
const [dataDir, account] = process.argv.slice(2) as [string, string];
const mns = await createMns({
  dataDir,
  region: 'cn-hangzhou',
  accounts: [JSON.parse(account)],
  clock: systemClock,
  random: Math.random,
  checkSignatures: true,
  logger: silentLogger,
  baseUrl: () => server.url,
});
const server = await listen(mns.listener, { port: 0 });
process.stdout.write(`${server.url}\n`);
