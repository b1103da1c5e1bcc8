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
export const ossPortOption = () => portOption('oss', 'OSS', 9280);
export const mnsPortOption = () => portOption('mns', 'MNS', 9281);
export const facebodyPortOption = () => portOption('facebody', 'FaceBody', 0);
export const fcPortOption = () => portOption('fc', 'Function Compute, RAM, STS and Log Service', 0);

const portOption = <Name extends string>(name: Name, service: string, usual: number) =>
  new Option(`--${name}-port <port>` as const, `port of ${service} on loopback; 0 for any free port`)
    .env(`MNSOSS_${name.toUpperCase()}_PORT`)
    .default(usual)
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
