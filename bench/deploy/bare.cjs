'use strict';

// The handler of a function in a process of its own, without a platform around it: one message, one call.
const { join } = require('node:path');

process.on('message', async ({ folder, event, context }) => {
  const hooks = require(join(folder, 'index.js'));
  if (!context.initialized) await hooks.initialize(context);
  const result = await hooks.handler(Buffer.from(event), context);
  process.send(JSON.parse(JSON.stringify(result)));
});
