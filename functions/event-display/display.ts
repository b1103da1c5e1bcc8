import { type ReceivedEvent, readCloudEvents } from '../../shared/envelope/http-cloud-events.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ServedAnswer, ServedRequest } from '../../shared/runtime/http-server.ts';
import { visible, visibleText } from '../../shared/runtime/visible.ts';
import { layOut } from './layout.ts';

export interface DisplayOptions {
  readonly showAttributes: boolean;
  readonly clock: Clock;
  readonly write: (text: string) => void;
}

/** Prints each event of a request in the format of the walk-through of MnsOss event sources. Sends no reply event. */
export function createDisplay({ showAttributes, clock, write }: DisplayOptions) {
  return async (request: ServedRequest): Promise<ServedAnswer> => {
    const received = readCloudEvents(request);
    if (!received) return { status: 400, body: 'expected a CloudEvent\n' };
    for (const event of received.events) {
      const lines = [`${timestamp(clock.now())} receive cloudevents.Event:`];
      if (showAttributes) lines.push(...describeAttributes(event));
      if (event.data !== undefined) lines.push(describeData(event.data));
      write(`${lines.join('\n')}\n`);
    }
    const [fault] = received.faults;
    return fault ? { status: 400, body: `${fault.message}\n` } : { status: 204 };
  };
}

function describeAttributes({ attributes }: ReceivedEvent): string[] {
  return Object.entries(attributes).map(([name, value]) => visible(`${name}: ${value}`));
}

/** In the time zone of the process: `2020/12/16 13:04:19` */
function timestamp(now: number): string {
  const time = new Date(now);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('/');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

/** JSON is laid out, other text is printed as it is, and binary data in Base64. */
function describeData(data: unknown): string {
  if (!(data instanceof Uint8Array)) return visibleText(layOut(data));
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return Buffer.from(data).toString('base64');
  }
  try {
    return visibleText(layOut(JSON.parse(text)));
  } catch {
    return visibleText(text);
  }
}
