import { fileURLToPath } from 'node:url';
import type { Gateway } from './index.ts';

/** A file to preload into a process of Node: its connections to Alibaba Cloud then go to the local cloud. */
const REDIRECT_FILE = fileURLToPath(new URL('./redirect.cjs', import.meta.url));

/** The variables that send every connection of a process of Node to Alibaba Cloud to a gateway instead. */
export function redirectEnvironment({ url, tls }: Pick<Gateway, 'url' | 'tls'>): Record<string, string> {
  return {
    NODE_OPTIONS: `--require ${JSON.stringify(REDIRECT_FILE)}`,
    LOCAL_CLOUD_HTTP: new URL(url).port,
    ...(tls && { LOCAL_CLOUD_HTTPS: new URL(tls.url).port, NODE_EXTRA_CA_CERTS: tls.authorityFile }),
  };
}
