import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from '@commander-js/extra-typings';
import { bucketOption, dataDirOption } from '../options.ts';
import { bucketOf, withRunningCloud } from '../running-cloud.ts';

export const getCommand = new Command('get')
  .description('download an object from the running local cloud')
  .argument('<key>', 'e.g. results/incoming/me.jpg/annotated.jpg')
  .addOption(dataDirOption())
  .addOption(bucketOption())
  .option('--output <file>', 'where to write; `-` is standard output (default: the last part of the key)')
  .action(async (key, { dataDir, bucket, output = basename(key) }) => {
    await withRunningCloud(dataDir, async ({ oss }, connection) => {
      const { body } = await oss.bucket(bucketOf(connection, bucket)).get(key);
      if (output === '-') await pipeline(body, process.stdout, { end: false });
      else await pipeline(body, createWriteStream(output));
    });
  });
