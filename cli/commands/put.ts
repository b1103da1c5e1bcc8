import { Command } from '@commander-js/extra-typings';
import { assertKeyPrefix } from '../../shared/oss/key-prefix.ts';
import { print, printError } from '../../shared/runtime/terminal.ts';
import { describeLeftOut, expandFiles } from '../files.ts';
import { bucketOption, dataDirOption } from '../options.ts';
import { bucketOf, withRunningCloud } from '../running-cloud.ts';
import { uploadFile } from '../upload.ts';

export const putCommand = new Command('put')
  .description('upload files or folders to the running local cloud; creates the bucket if it does not exist')
  .argument('<paths...>', 'image files, or folders of them')
  .addOption(dataDirOption())
  .addOption(bucketOption())
  .option('--prefix <prefix>', 'key prefix', 'incoming/')
  .action(async (paths, { dataDir, bucket: asked, prefix }) => {
    assertKeyPrefix('--prefix', prefix);
    const { files, leftOut } = await expandFiles(paths, { prefix });
    printError(...describeLeftOut(leftOut));
    await withRunningCloud(dataDir, async ({ oss }, connection) => {
      const bucket = bucketOf(connection, asked);
      await oss.createBucket(bucket);
      const store = oss.bucket(bucket);
      for (const file of files) {
        await uploadFile(store, `${prefix}${file.name}`, file.path);
        print(`oss://${bucket}/${prefix}${file.name}`);
      }
    });
  });
