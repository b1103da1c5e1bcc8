// Runs the zips and the sample events on Function Compute's Node, and the custom runtime also on newer releases. Each
// Node is installed once, into node_modules/.cache.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CUSTOM_NODE_VERSIONS, ensureNode, FC_NODE_VERSION } from './node-binaries.ts';

const node = await ensureNode(FC_NODE_VERSION);
for (const version of Object.values(CUSTOM_NODE_VERSIONS)) await ensureNode(version);
const config = 'test/bundle/vitest.config.ts';
const vitest = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', config, ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, FC_NODE: node } },
);
const [code] = await once(vitest, 'close');
process.exitCode = code ?? 1;
