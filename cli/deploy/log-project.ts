import { createHash, createHmac } from 'node:crypto';
import { logStringToSign } from '../../local/logs/authenticate.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { createHttpClient, readBody } from '../../shared/runtime/http.ts';
import type { AccountAccess } from './account.ts';

/** Where the logs of functions go. */
export interface LogTarget {
  readonly project: string;
  readonly logstore: string;
}

/** doc: days that logs are kept. */
const TTL_DAYS = 30;

/** Creates the project and the logstore unless they exist. Only for a local cloud, where the host names no project. */
export async function ensureLogProject(target: LogTarget, account: AccountAccess): Promise<void> {
  const { project, logstore } = target;
  await post('', '/', { projectName: project, description: 'Logs of functions' }, account);
  await post(project, '/logstores', { logstoreName: logstore, ttl: TTL_DAYS, shardCount: 1 }, account);
  await post(project, `/logstores/${logstore}/index`, { line: { token: [' '] } }, account);
}

/** Sends a request that may find its work done. */
async function post(
  project: string,
  path: string,
  fields: object,
  { endpoints, credentials }: AccountAccess,
) {
  const url = new URL(endpoints.logs);
  const body = Buffer.from(JSON.stringify(fields));
  const { accessKeyId, accessKeySecret, securityToken } = await credentials();
  const headers = {
    host: project === '' ? url.host : `${project}.${url.host}`,
    date: new Date().toUTCString(),
    'content-type': 'application/json',
    'content-md5': createHash('md5').update(body).digest('hex').toUpperCase(),
    'x-log-apiversion': '0.6.0',
    'x-log-bodyrawsize': String(body.length),
    'x-log-signaturemethod': 'hmac-sha256',
    ...(securityToken && { 'x-acs-security-token': securityToken }),
  };
  const text = logStringToSign({ method: 'POST', target: path, headers });
  const signature = createHmac('sha256', accessKeySecret).update(text).digest('base64');
  const http = createHttpClient();
  try {
    const response = await http.send({
      method: 'POST',
      url,
      target: path,
      headers: {
        ...headers,
        authorization: `LOG ${accessKeyId}:${signature}`,
        'content-length': String(body.length),
      },
      body,
      timeoutMs: 10_000,
    });
    const answer = (await readBody(response)).toString('utf8');
    if (response.status < 300 || /AlreadyExist/.test(answer)) return;
    throw new AppError('InvalidRequest', `Log Service refused POST ${path}: ${answer}`);
  } finally {
    http.close();
  }
}
