// Locks a data folder until it is killed. Argument: the folder.
import { lockDataDir } from '../../../local/disk/data-lock.ts';

await lockDataDir(process.argv[2]!, { onLost: () => process.exit(1) });
process.stdout.write('locked\n');
setInterval(() => {}, 1e9);
