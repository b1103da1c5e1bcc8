import { xmlReply } from '../http/reply.ts';
import { numberParameter } from '../http/request.ts';
import type { Operation } from './operation.ts';

/** This server makes no live channels, so there are none. sdk: the tests of two SDKs list them when they clean up. */
export const listLiveChannels: Operation = async (request) => {
  return xmlReply('ListLiveChannelResult', {
    Prefix: request.query.get('prefix') ?? '',
    Marker: request.query.get('marker') ?? '',
    MaxKeys: numberParameter(request, 'max-keys', { min: 1, max: 1000, fallback: 100 }),
    IsTruncated: false,
    NextMarker: '',
  });
};
