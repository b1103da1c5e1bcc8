import { fileURLToPath } from 'node:url';

/** A file to preload into a process of Node: its connections to Alibaba Cloud then go to the local cloud. */
export const REDIRECT_FILE = fileURLToPath(new URL('./redirect.cjs', import.meta.url));
