// Runs the zips and the sample events on the Node of Function Compute, which it installs once into node_modules/.cache.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensureFcNode } from './fc-node.ts';

const node = await ensureFcNode();
console.log(`on ${node}`);
const vitest = spawn(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/bundle/vitest.config.ts',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', env: { ...process.env, FC_NODE: node } },
);
const [code] = await once(vitest, 'close');
process.exitCode = code ?? 1;
