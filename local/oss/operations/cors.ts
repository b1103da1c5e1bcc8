import { childrenOf, childText } from '../../../shared/runtime/xml.ts';
import { fits } from '../../access/patterns.ts';
import { OssRefusal } from '../errors.ts';
import { malformedXml, type OssRequest, parseDocument } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { Operation } from './operation.ts';

interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds: string | undefined;
}

const METHODS: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'];
const MAX_RULES = 20;

/** The preflight request of a browser. */
export const optionObject: Operation = async (request, bucket) => {
  const { origin, 'access-control-request-method': method } = request.headers;
  const asked = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (bucket.record.documents.cors === undefined) {
    throw new OssRefusal('AccessForbidden', {
      message: 'CORSResponse: CORS is not enabled for this bucket.',
    });
  }
  const rule = origin && method ? findRule(bucket, origin, method, asked) : undefined;
  if (!rule) throw new OssRefusal('AccessForbidden');
  return {
    status: 200,
    headers: {
      ...corsHeaders(rule, origin!),
      'access-control-allow-headers': request.headers['access-control-request-headers'],
      'access-control-max-age': rule.maxAgeSeconds,
    },
  };
};

/** The headers that a browser needs to read an answer; none if no rule covers its request. */
export function corsHeadersOf(
  request: OssRequest,
  bucket: BucketStore | undefined,
): Record<string, string | undefined> {
  const { origin } = request.headers;
  if (origin === undefined || !bucket || request.method === 'OPTIONS') return {};
  const rule = findRule(bucket, origin, request.method, []);
  return rule ? corsHeaders(rule, origin) : {};
}

function corsHeaders(rule: CorsRule, origin: string): Record<string, string | undefined> {
  const anyone = rule.origins.includes('*');
  return {
    'access-control-allow-origin': anyone ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    'access-control-expose-headers': rule.exposed.length > 0 ? rule.exposed.join(', ') : undefined,
    vary: anyone ? undefined : 'Origin',
  };
}

function findRule(
  bucket: BucketStore,
  origin: string,
  method: string,
  headers: readonly string[],
): CorsRule | undefined {
  const document = bucket.record.documents.cors;
  if (document === undefined) return undefined;
  return parseCorsRules(document).find(
    (rule) =>
      rule.origins.some((pattern) => fits(pattern, origin)) &&
      rule.methods.includes(method) &&
      headers.every((name) =>
        rule.headers.some((pattern) => fits(pattern.toLowerCase(), name.toLowerCase())),
      ),
  );
}

/** Throws `MalformedXML` for an invalid configuration. */
export function parseCorsRules(text: string): CorsRule[] {
  const rules = childrenOf(parseDocument(text, 'CORSConfiguration'), 'CORSRule').map((element) => {
    const texts = (name: string) => childrenOf(element, name).map((child) => child.text.trim());
    const rule: CorsRule = {
      origins: texts('AllowedOrigin'),
      methods: texts('AllowedMethod'),
      headers: texts('AllowedHeader'),
      exposed: texts('ExposeHeader'),
      maxAgeSeconds: childText(element, 'MaxAgeSeconds'),
    };
    if (rule.origins.length === 0) throw malformedXml('a CORSRule has no AllowedOrigin');
    if (rule.methods.length === 0) throw malformedXml('a CORSRule has no AllowedMethod');
    const unknown = rule.methods.find((method) => !METHODS.includes(method));
    if (unknown !== undefined) throw malformedXml(`AllowedMethod ${unknown} is unknown`);
    const wild = [...rule.origins, ...rule.headers].find((pattern) => pattern.split('*').length > 2);
    if (wild !== undefined) throw malformedXml(`${wild} has more than one *`);
    return rule;
  });
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformedXml(`expected 1 to ${MAX_RULES} rules`);
  return rules;
}
