import { canonicalName } from '../faces/gallery/person-name.ts';
import { AppError } from '../runtime/errors.ts';
import { activeFacts, type Fact, type Statement } from './facts.ts';
import type { Group } from './groups.ts';
import type { People } from './people.ts';

/** The group with this name or id; the start of an id is enough. Throws `GroupNotFound`. */
export function findGroup(people: Pick<People, 'groups'>, text: string): Group {
  const groups = people.groups();
  const named = groups.find(({ person }) => person === canonicalName(text));
  if (named) return named;
  const found = groups.filter(({ id }) => id.startsWith(text));
  if (found.length === 1) return found[0]!;
  throw new AppError(
    'GroupNotFound',
    found.length === 0
      ? `no group has the name or id ${JSON.stringify(text)}`
      : `${found.length} groups have an id that starts with ${JSON.stringify(text)}: give more of it`,
  );
}

/** The id of a face, given as such or as `<key>#<number>`. Throws `GroupNotFound`. */
export function findFace(people: Pick<People, 'groups'>, text: string): string {
  const hash = text.lastIndexOf('#');
  const [key, number] = [text.slice(0, hash), Number(text.slice(hash + 1))];
  for (const { members } of people.groups()) {
    for (const { sighting } of members) {
      if (sighting.id === text || (sighting.key === key && sighting.number === number)) return sighting.id;
    }
  }
  throw new AppError('GroupNotFound', `no face has the id, or the key and number, ${JSON.stringify(text)}`);
}

/** The faces of the group are this person. */
export function nameGroup(group: Group, person: string): Statement[] {
  return [{ kind: 'is', sighting: oldestOf(group), person }];
}

/** Two groups are one person. The name of the first one stays. */
export function mergeGroups(one: Group, other: Group): Statement[] {
  if (one.id === other.id) throw new AppError('GroupNotFound', 'the two groups are one already');
  if (one.members.length === 0) return nameGroup(other, one.person!);
  if (other.members.length === 0) return nameGroup(one, other.person!);
  const same: Statement = { kind: 'same', sightings: [one.id, other.id] };
  if (other.person === undefined) return [same];
  // A face is one person: of two names, the later one counts.
  const name = one.person ?? other.person;
  return [{ kind: 'is', sighting: other.id, person: name }, same];
}

/** These faces of the group are another person than the rest, which keeps the name. */
export function splitGroup(
  group: Group,
  faces: readonly string[],
  { facts }: Pick<People, 'facts'>,
): Statement[] {
  const members = group.members.map(({ sighting }) => sighting.id);
  const away = members.filter((id) => faces.includes(id));
  const stay = members.filter((id) => !faces.includes(id));
  const strange = faces.filter((id) => !members.includes(id));
  if (strange.length > 0) throw new AppError('GroupNotFound', `the group has no face ${strange[0]}`);
  const [leaves, stays] = [away[0], stay[0]];
  if (leaves === undefined || stays === undefined) {
    throw new AppError('GroupNotFound', 'a split needs faces that leave and faces that stay');
  }
  return [
    ...moveName(away, stays, group.person, facts),
    ...onePerson(away),
    ...onePerson(stay),
    { kind: 'different', sightings: [stays, leaves] },
  ];
}

/** The face is not this person, for ever. The other faces of the person keep the name. */
export function denyPerson(
  face: string,
  name: string,
  people: Pick<People, 'facts' | 'groupOf'>,
): Statement[] {
  const person = canonicalName(name);
  const members = people.groupOf(face)?.members.map(({ sighting }) => sighting.id) ?? [];
  const stay = members.filter((id) => id !== face);
  const moved = stay[0] === undefined ? [] : moveName([face], stay[0], person, people.facts);
  return moved.length > 0 ? [...moved, ...onePerson(stay)] : [{ kind: 'not', sighting: face, person }];
}

/** A person who divides a group says of both parts that each is one person. */
function onePerson(sightings: readonly string[]): Statement[] {
  return sightings.length > 1 ? [{ kind: 'same', sightings: [...sightings] }] : [];
}

/** When a group was named by one of the faces that leave it, the name moves to one that stays. */
function moveName(
  away: readonly string[],
  stays: string,
  person: string | undefined,
  facts: readonly Fact[],
): Statement[] {
  const named = activeFacts(facts).flatMap((fact) =>
    fact.kind === 'is' && fact.person === person && away.includes(fact.sighting) ? [fact.sighting] : [],
  );
  if (named.length === 0 || person === undefined) return [];
  const denied = named.map((sighting): Statement => ({ kind: 'not', sighting, person }));
  return [...denied, { kind: 'is', sighting: stays, person }];
}

/** What was said about a person, said about the new name. */
export function renameFacts(facts: readonly Fact[], from: string, to: string): Statement[] {
  return activeFacts(facts)
    .flatMap((fact): Statement[] =>
      'person' in fact && fact.person === canonicalName(from)
        ? [{ kind: fact.kind, sighting: fact.sighting, person: to }]
        : [],
    )
    .reverse();
}

export function hideGroup(group: Group): Statement[] {
  return [{ kind: 'hide', sighting: oldestOf(group) }];
}

/** Takes back what was stated last, or together with the fact of this id. Throws `GroupNotFound`. */
export function undoFact({ facts }: Pick<People, 'facts'>, id?: string): Statement[] {
  const fact = id === undefined ? activeFacts(facts)[0] : facts.find((each) => each.id.startsWith(id));
  if (!fact) {
    throw new AppError(
      'GroupNotFound',
      id === undefined ? 'there is no fact to take back' : `no fact has the id ${id}`,
    );
  }
  const together = fact.together ?? fact.id;
  return facts
    .filter((each) => (each.together ?? each.id) === together)
    .map((each): Statement => ({ kind: 'undo', fact: each.id }));
}

function oldestOf({ id, members, person }: Group): string {
  if (members.length > 0) return id;
  throw new AppError('GroupNotFound', `no picture shows ${person}`);
}
