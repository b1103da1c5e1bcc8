// The entry point of a thread in a checkout: Node cannot read TypeScript in a thread without help.
import { register } from 'tsx/esm/api';

register();
await import(process.argv[2]);
