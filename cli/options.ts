import { InvalidArgumentError, Option } from '@commander-js/extra-typings';

/** The data folder of the local cloud, with the same default for every command. */
export const dataDirOption = () =>
  new Option('--data-dir <folder>', 'where the local cloud keeps its data')
    .default('.mnsoss')
    .env('MNSOSS_DATA_DIR');

export const bucketOption = () =>
  new Option('--bucket <bucket>', 'which bucket (default: the one that `mnsoss-face start` watches)');

/** The one switch between the two clouds: without it, a command works on the running local cloud. */
export const remoteOption = <Value extends string>(value: Value, about: string) =>
  new Option(`--remote ${value}` as const, `${about} of Alibaba Cloud, instead of the running local cloud`);

/** The ports of the local cloud, for every command that starts one. */
export const ossPortOption = () =>
  new Option('--oss-port <port>', 'port of OSS on loopback; 0 for any free port')
    .env('MNSOSS_OSS_PORT')
    .default(9280)
    .argParser(port);

export const mnsPortOption = () =>
  new Option('--mns-port <port>', 'port of MNS on loopback; 0 for any free port')
    .env('MNSOSS_MNS_PORT')
    .default(9281)
    .argParser(port);

export const facebodyPortOption = () =>
  new Option('--facebody-port <port>', 'port of FaceBody on loopback; 0, the default, for any free port')
    .env('MNSOSS_FACEBODY_PORT')
    .default(0)
    .argParser(port);

export const facebodyQpsOption = () =>
  new Option('--facebody-qps <number>', 'requests per second that FaceBody accepts for each operation')
    .default(2)
    .argParser(quota);

function quota(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('A quota is a number above 0.');
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return value;
}
