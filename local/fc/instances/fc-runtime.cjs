'use strict';

/**
 * The program of an instance: loads the handler, takes one message at a time from its parent and answers it, as Function
 * Compute's managed Node runtime does. Plain CommonJS, as it also runs on the Node of Function Compute.
 *
 * doc: handlers, context and logger of the Node.js runtime.
 */

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { format } = require('node:util');

const [codeDir = '.'] = process.argv.slice(2);
/** Work that a handler left running must not keep the process alive. */
process.on('disconnect', () => process.exit(0));

process.on('message', (message) => {
  void serve(message).then((answer) => process.send?.({ ...answer, maxMemoryKb: maxMemoryKb() }));
});
process.send?.({ ready: true });

/** The resource usage of a process on Linux begins with the memory of its parent, the status does not. */
function maxMemoryKb() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

async function serve({ phase, hook, event, context }) {
  const { requestId } = context;
  process.stdout.write(`FC ${phase} Start RequestId: ${requestId}\n`);
  const answer = await run(hook, event, context);
  // doc: the suffix. The parent reads the log up to this line.
  const suffix = answer.error ? ', Error: Unhandled function error' : '';
  process.stdout.write(`FC ${phase} End RequestId: ${requestId}${suffix}\n`);
  return answer;
}

async function run(hook, event, context) {
  try {
    const [file, name] = splitHandler(hook);
    const handler = (await load(file))[name];
    if (typeof handler !== 'function') {
      return failure(new TypeError(`${hook} is not a function: ${file}.js exports no ${name}`));
    }
    const whole = { ...context, logger: loggerOf(context.requestId), tracing: {} };
    const args = event === undefined ? [whole] : [Buffer.from(event, 'base64'), whole];
    return { result: bytesOf(await call(handler, args)).toString('base64') };
  } catch (error) {
    if (error instanceof HandedOver) return failure(error.given);
    return { ...failure(error), thrown: true };
  }
}

/** doc: CommonJS, or since Node 18 an ES module: a file `.mjs`, or with `"type": "module"`. */
async function load(file) {
  const path = join(codeDir, file);
  if (existsSync(`${path}.mjs`)) return import(pathToFileURL(`${path}.mjs`).href);
  try {
    return require(`${path}.js`);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error;
    return import(pathToFileURL(`${path}.js`).href);
  }
}

/** An error that a handler passed to its callback. */
class HandedOver {
  constructor(given) {
    this.given = given;
  }
}

/** doc: the last dot separates the file from the export. */
function splitHandler(handler) {
  const point = handler.lastIndexOf('.');
  return [handler.slice(0, point), handler.slice(point + 1)];
}

/** doc: a handler with one more parameter receives a callback. */
function call(handler, args) {
  if (handler.length <= args.length) return handler(...args);
  return new Promise((resolve, reject) => {
    handler(...args, (error, value) => (error ? reject(new HandedOver(error)) : resolve(value)));
  });
}

/** doc: bytes unchanged, objects as JSON, anything else as a string. */
function bytesOf(value) {
  if (Buffer.isBuffer(value)) return value;
  if (value === undefined || value === null) return Buffer.alloc(0);
  return Buffer.from(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** doc: `errorMessage`, `errorType`, which is the name of the error's class, and `stackTrace`. */
function failure(error) {
  if (!(error instanceof Error))
    return { error: { errorMessage: String(error), errorType: 'Error', stackTrace: [] } };
  const stackTrace = (error.stack ?? '').split('\n').map((line) => line.trim());
  return { error: { errorMessage: error.message, errorType: error.constructor.name, stackTrace } };
}

/** doc: a line has its time, the request id and the level. */
function loggerOf(requestId) {
  const write =
    (level) =>
    (...values) => {
      process.stdout.write(`${new Date().toISOString()} ${requestId} [${level}] ${format(...values)}\n`);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    log: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}
