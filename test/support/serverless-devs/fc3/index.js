const { appendFileSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Stands in for the component that Serverless Devs would fetch: tells its schema, and writes down what it is asked. */
module.exports = class {
  async getSchema() {
    return readFileSync(join(__dirname, 'schema.json'), 'utf8');
  }

  async deploy({ command, resource, props }) {
    appendFileSync(
      join(__dirname, 'calls.jsonl'),
      `${JSON.stringify({ command, resource: resource.name, props })}\n`,
    );
    return { region: props.region, functionName: props.functionName };
  }
};
