import { readFile } from 'node:fs/promises';
import { Command, Option } from '@commander-js/extra-typings';
import pc from 'picocolors';
import { DEFAULT_ACCOUNT, startLocalCloud } from '../../local/cloud.ts';
import { lockDataDir } from '../../local/disk/data-lock.ts';
import { readConnection, writeConnection } from '../../local/start/connection.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { readAccounts, readRules } from '../cloud-files.ts';
import { dataDirOption } from '../data-dir.ts';
import {
  facebodyPortOption,
  facebodyQpsOption,
  fcPortOption,
  mnsPortOption,
  ossPortOption,
} from '../port-options.ts';
import { untilSignalled } from '../signals.ts';

export const cloudCommand = new Command('cloud')
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
  .action(
    async ({
      dataDir,
      inMemory,
      ossPort,
      mnsPort,
      facebodyPort,
      fcPort,
      tls,
      region,
      accounts: accountsFile,
      rules: rulesFile,
      facebodyQps: facebodyQuota,
      signature,
      log,
    }) => {
      const known = inMemory ? undefined : await readConnection(dataDir);
      const accounts = accountsFile
        ? readAccounts(await readFile(accountsFile, 'utf8'))
        : [known?.account ?? DEFAULT_ACCOUNT];
      const rules = rulesFile ? readRules(await readFile(rulesFile, 'utf8')) : [];
      const unlock = inMemory ? undefined : await lockDataDir(dataDir);
      const cloud = await startLocalCloud({
        port: ossPort,
        mnsPort,
        facebodyPort,
        fcPort,
        ...(tls && { tlsPort: 0 }),
        facebodyQuota,
        ...(!inMemory && { dataDir }),
        region,
        accounts,
        rules,
        checkSignatures: signature,
        logger: createLogger({ level: log, write: (line) => void process.stderr.write(line) }),
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
          await writeConnection(dataDir, { ...known, ...urls, region, account: accounts[0]! });
        }
        console.log(`OSS ${pc.cyan(cloud.oss.url)}`);
        console.log(`MNS ${pc.cyan(cloud.mns.url)}`);
        console.log(`FaceBody ${pc.cyan(cloud.facebody.url)}`);
        console.log(`Function Compute, RAM, STS, Log Service ${pc.cyan(cloud.fc.url)}`);
        console.log(
          `region ${region}, access key ${cloud.credentials.accessKeyId}, ${inMemory ? 'in memory' : `data in ${dataDir}`}`,
        );
        await untilSignalled();
      } finally {
        await cloud.close();
        await unlock?.();
      }
    },
  );
