import type { Logger } from '../../../shared/runtime/log.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { childText } from '../../../shared/runtime/xml.ts';
import { hexId } from '../../http/ids.ts';
import type { Ledger } from '../store/ledger.ts';
import { type MnsAnswer, type MnsRequest, xmlAnswer } from '../wire.ts';

export function accountOperations(ledger: Ledger, { logger, random }: { logger: Logger; random: Random }) {
  return {
    async getAccountAttributes(): Promise<MnsAnswer> {
      const fields = { LoggingBucket: ledger.state.loggingBucket };
      return xmlAnswer(200, 'Account', fields);
    },

    /** The bucket is stored and returned, but no logs are written to it. */
    async setAccountAttributes({ body }: MnsRequest): Promise<MnsAnswer> {
      const bucket = (body && childText(body, 'LoggingBucket')) ?? '';
      if (bucket) logger.warn({ bucket }, 'operation logs are not written to the logging bucket');
      await ledger.commit([{ type: 'logging-bucket', bucket }]);
      return { status: 204 };
    },

    async openService(): Promise<MnsAnswer> {
      return xmlAnswer(200, 'OpenService', { OrderId: hexId(random, 16) });
    },
  };
}
