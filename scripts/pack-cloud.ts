// npm run pack:cloud [folder]: makes the package aliyun-local-cloud from the same sources, and prints the file's name.
import { resolve } from 'node:path';
import { packCloud } from './pack-cloud/pack.ts';

console.log(await packCloud(resolve(process.argv[2] ?? '.')));
