import { readFile } from 'node:fs/promises';
import { Command, Option } from '@commander-js/extra-typings';
import { DEFAULT_ACCOUNT, startLocalCloud } from '../../local/cloud.ts';
import { dataFolderOf } from '../../local/disk/data-folder.ts';
import { readEarlierStart, writeConnection } from '../../local/start/connection.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { line, print, style } from '../../shared/runtime/terminal.ts';
import { readAccounts, readRules } from '../cloud-files.ts';
import {
  dataDirOption,
  facebodyPortOption,
  facebodyQpsOption,
  fcPortOption,
  mnsPortOption,
  ossPortOption,
} from '../options.ts';
import { untilSignalled } from '../signals.ts';
import { repairCommand, verifyCommand } from './cloud/check-data.ts';

export const cloudCommand = new Command('cloud')
  // Options behind the name of a subcommand are its own.
  .enablePositionalOptions()
  .description('run the local cloud alone: OSS, MNS, event rules and FaceBody for the tests of any project')
  .addOption(dataDirOption())
  .option('--in-memory', 'store nothing: no data folder')
  .addOption(ossPortOption())
  .addOption(mnsPortOption())
  .addOption(facebodyPortOption())
  .addOption(fcPortOption())
  .option('--tls', 'also answer to the host names of Alibaba Cloud with certificates of an own authority')
  .option('--region <region>', 'the region of the cloud', 'cn-hangzhou')
  .option(
    '--accounts <file>',
    'JSON: [{accountId, accessKeyId, accessKeySecret}] (default: the one of the data folder, or the documented one)',
  )
  .option('--rules <file>', 'JSON: event rules to create at the start if they do not exist')
  .addOption(facebodyQpsOption())
  .option('--no-signature', 'accept requests with a wrong or missing signature')
  .addOption(
    new Option('--log <level>', 'level of the JSON lines on standard error')
      .choices(['debug', 'info', 'warn', 'error'] as const)
      .default('warn' as const),
  )
  .action(async ({ dataDir, inMemory, region, log, ...options }) => {
    const logger = createLogger({ level: log, write: (line) => void process.stderr.write(line) });
    const earlier = inMemory ? {} : await readEarlierStart(dataFolderOf({ dataDir, logger }));
    const accounts = options.accounts
      ? readAccounts(await readFile(options.accounts, 'utf8'))
      : [earlier.account ?? DEFAULT_ACCOUNT];
    const rules = options.rules ? readRules(await readFile(options.rules, 'utf8')) : [];
    const cloud = await startLocalCloud({
      port: options.ossPort,
      mnsPort: options.mnsPort,
      facebodyPort: options.facebodyPort,
      fcPort: options.fcPort,
      tlsPort: options.tls ? 0 : undefined,
      facebodyQuota: options.facebodyQps,
      dataDir: inMemory ? undefined : dataDir,
      region,
      accounts,
      rules,
      checkSignatures: options.signature,
      logger,
    });
    try {
      if (!inMemory) {
        const urls = {
          ossUrl: cloud.oss.url,
          mnsUrl: cloud.mns.url,
          facebodyUrl: cloud.facebody.url,
          fcUrl: cloud.fc.url,
          tls: cloud.tls && { url: cloud.tls.url, caFile: cloud.tls.authorityFile },
        };
        await writeConnection(dataDir, { ...earlier.connection, ...urls, region, account: accounts[0]! });
      }
      print(line`OSS ${style.cyan(cloud.oss.url)}`);
      print(line`MNS ${style.cyan(cloud.mns.url)}`);
      print(line`FaceBody ${style.cyan(cloud.facebody.url)}`);
      print(line`Function Compute, RAM, STS, Log Service ${style.cyan(cloud.fc.url)}`);
      print(
        `region ${region}, access key ${cloud.credentials.accessKeyId}, ${inMemory ? 'in memory' : `data in ${dataDir}`}`,
      );
      await untilSignalled();
    } finally {
      await cloud.close();
    }
  })
  .addCommand(verifyCommand)
  .addCommand(repairCommand);
