import { childText, parseXml, type XmlElement } from '../../runtime/xml.ts';
import { around, type Envelope } from '../envelope.ts';

/** A topic's message in the format XML: `<Notification>` around `<Message>`. */
export const mnsTopicXml: Envelope = {
  name: 'mns-topic-xml',
  open(value) {
    if (typeof value !== 'string' || !value.startsWith('<')) return 'expected a text that begins with <';
    const root = parse(value);
    if (!root) return 'expected well-formed XML';
    if (root.name !== 'Notification') return 'expected the root Notification';
    const message = childText(root, 'Message');
    return message === undefined ? 'Message: expected an element' : around('.Message', message);
  },
};

/** The parser's own message is not used: it may quote the document. */
function parse(text: string): XmlElement | undefined {
  try {
    return parseXml(text, { maxLength: text.length, maxDepth: 8 });
  } catch {
    return undefined;
  }
}
