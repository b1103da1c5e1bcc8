// Our local cloud in its own process. Arguments: a folder, and whether to store data in it.
import { startLocalCloud } from '../../local/cloud.ts';
import { reportTo } from './report-memory.js';

const [dataDir, durable] = process.argv.slice(2) as [string, string];
const cloud = await startLocalCloud(durable === 'true' ? { dataDir } : {});
reportTo(process, { url: cloud.oss.url, mnsUrl: cloud.mns.url });
