import { Command, Option } from '@commander-js/extra-typings';
import { print } from '../../shared/runtime/terminal.ts';
import { bucketOption, dataDirOption } from '../options.ts';
import { bucketOf, withRunningCloud } from '../running-cloud.ts';

export const signCommand = new Command('sign')
  .description('print a signed URL of an object in the running local cloud, for a browser or any HTTP client')
  .argument('<key>', 'e.g. results/incoming/me.jpg/annotated.jpg')
  .addOption(dataDirOption())
  .addOption(bucketOption())
  .addOption(
    new Option('--method <method>', 'what the URL allows')
      .choices(['GET', 'PUT'] as const)
      .default('GET' as const),
  )
  .option('--expires <seconds>', 'seconds until it expires', Number, 3600)
  .action(async (key, { dataDir, bucket: asked, method, expires }) => {
    await withRunningCloud(dataDir, async ({ oss }, connection) => {
      const bucket = bucketOf(connection, asked);
      print(await oss.presign({ bucket, key, method, expiresSeconds: expires }));
    });
  });
