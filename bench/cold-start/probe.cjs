'use strict';

/**
 * A fresh process: loads a handler and calls it once. Milliseconds of both on the last line of its output, without the
 * start of Node itself.
 */
const [file, event, context] = process.argv.slice(2);

async function main() {
  const start = performance.now();
  // Not chosen by trial: each way starts its own loader only.
  const loaded = file.endsWith('.mjs') ? await import(file) : require(file);
  const atLoaded = performance.now();
  await loaded.handler(Buffer.from(event), JSON.parse(context));
  const atEnd = performance.now();
  process.stdout.write(`\n${JSON.stringify({ load: atLoaded - start, first: atEnd - atLoaded })}\n`);
  process.exit(0);
}

main();
