// The first file of a picture process in a checkout: Node cannot read TypeScript without help.
import { pathToFileURL } from 'node:url';
import { register } from 'tsx/esm/api';

register();
await import(pathToFileURL(process.argv[2]).href);
