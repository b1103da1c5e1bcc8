import type { Context } from './context.ts';
import { type ApiRequest, decode } from './request.ts';
import { at, type Tree } from './types.ts';

/** Access reviews: a client creates an object to ask a question, and nothing is stored. */
export function answerReview({ access, tokens }: Context, request: ApiRequest): Tree {
  const body = decode(request);
  const { plural } = request.resource;
  if (plural === 'tokenreviews') {
    try {
      const user = tokens.userOf(`Bearer ${at(body, 'spec', 'token')}`);
      return { ...body, status: { authenticated: true, user: { username: user.name, groups: user.groups } } };
    } catch {
      return { ...body, status: { authenticated: false, error: 'invalid bearer token' } };
    }
  }
  const asked = at(body, 'spec', 'resourceAttributes') as Record<string, string> | undefined;
  const user =
    plural === 'selfsubjectaccessreviews'
      ? request.user
      : { name: String(at(body, 'spec', 'user')), groups: (at(body, 'spec', 'groups') as string[]) ?? [] };
  const allowed =
    asked !== undefined &&
    access.allows(user, {
      verb: asked.verb ?? '',
      group: asked.group ?? '',
      resource: asked.subresource ? `${asked.resource}/${asked.subresource}` : (asked.resource ?? ''),
      ...(asked.namespace && { namespace: asked.namespace }),
      ...(asked.name && { name: asked.name }),
    });
  return { ...body, status: { allowed } };
}
