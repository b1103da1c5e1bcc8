import { activeFacts, type Fact } from './facts.ts';

/** A fact that contradicts later ones, and therefore does not count. */
export interface Contradiction {
  readonly fact: Fact;
  /** One sentence. */
  readonly reason: string;
}

/** Faces that are one person by what people said, with what else they said about them. */
export interface Bond {
  readonly sightings: ReadonlySet<string>;
  /** The person's name, if anybody said it. */
  readonly person?: string;
  /** Bonds that are other people. */
  readonly others: ReadonlySet<Bond>;
}

/** What all facts together say. */
export interface Constraints {
  /** Absent when no fact speaks of the sighting. */
  bondOf(sighting: string): Bond | undefined;
  /** The bond of a person with this name; every name has one. */
  bondOfPerson(person: string): Bond;
  isHidden(sighting: string): boolean;
  readonly contradictions: readonly Contradiction[];
}

interface Node {
  parent?: Node;
  readonly sightings: Set<string>;
  person?: string;
  others: Set<Node>;
}

/**
 * Combines facts from the latest to the earliest. A fact that contradicts the later ones is reported and does not count. Of
 * facts about the same face and person, or the same two faces, the latest counts without a report: it is a correction.
 */
export function combineFacts(facts: Iterable<Fact>): Constraints {
  const bySighting = new Map<string, Node>();
  const byPerson = new Map<string, Node>();
  const hidden = new Set<string>();
  const named = new Set<string>();
  const settled = new Set<string>();
  const contradictions: Contradiction[] = [];

  const nodeOf = (sighting: string): Node => {
    const node = bySighting.get(sighting) ?? { sightings: new Set([sighting]), others: new Set() };
    bySighting.set(sighting, node);
    return rootOf(node);
  };
  const nodeOfPerson = (person: string): Node => {
    const node = byPerson.get(person) ?? { sightings: new Set(), person, others: new Set() };
    byPerson.set(person, node);
    return rootOf(node);
  };
  const link = (a: Node, b: Node, fact: Fact): void => {
    if (a === b) return;
    if (a.person !== undefined && b.person !== undefined) {
      const reason = `the faces are ${a.person} and ${b.person}, who are two people`;
      contradictions.push({ fact, reason });
    } else if (isOther(a, b)) {
      contradictions.push({ fact, reason: 'later facts say that these are two people' });
    } else {
      b.parent = a;
      for (const sighting of b.sightings) a.sightings.add(sighting);
      for (const other of b.others) a.others.add(other);
      a.person ??= b.person;
    }
  };
  const separate = (a: Node, b: Node, fact: Fact): void => {
    if (a === b) {
      contradictions.push({ fact, reason: 'later facts say that these are one person' });
      return;
    }
    a.others.add(b);
    b.others.add(a);
  };

  for (const fact of activeFacts(facts)) {
    if (fact.kind === 'hide') {
      hidden.add(fact.sighting);
      continue;
    }
    const subject = subjectOf(fact);
    // A face is one person: the latest name counts.
    if (settled.has(subject) || (fact.kind === 'is' && named.has(fact.sighting))) continue;
    settled.add(subject);
    if (fact.kind === 'is') named.add(fact.sighting);
    switch (fact.kind) {
      case 'is':
        link(nodeOf(fact.sighting), nodeOfPerson(fact.person), fact);
        break;
      case 'not':
        separate(nodeOf(fact.sighting), nodeOfPerson(fact.person), fact);
        break;
      case 'same':
        for (const sighting of fact.sightings) link(nodeOf(fact.sightings[0]!), nodeOf(sighting), fact);
        break;
      case 'different':
        separate(nodeOf(fact.sightings[0]), nodeOf(fact.sightings[1]), fact);
        break;
    }
  }

  const bonds = new Map<Node, Bond & { others: Set<Bond> }>();
  const bondOfNode = (node: Node): Bond => {
    const root = rootOf(node);
    let bond = bonds.get(root);
    if (!bond) {
      bond = { sightings: root.sightings, person: root.person, others: new Set() };
      bonds.set(root, bond);
      for (const other of root.others) bond.others.add(bondOfNode(other));
    }
    return bond;
  };
  return {
    bondOf(sighting) {
      const node = bySighting.get(sighting);
      return node && bondOfNode(node);
    },
    bondOfPerson: (person) => bondOfNode(nodeOfPerson(person)),
    isHidden: (sighting) => hidden.has(sighting),
    contradictions,
  };
}

function rootOf(node: Node): Node {
  let root = node;
  while (root.parent) root = root.parent;
  return root;
}

function isOther(a: Node, b: Node): boolean {
  return (
    [...a.others].some((other) => rootOf(other) === b) || [...b.others].some((other) => rootOf(other) === a)
  );
}

/** What a fact is about. Of several about the same, the latest counts. */
function subjectOf(fact: Exclude<Fact, { kind: 'undo' | 'hide' }>): string {
  return 'person' in fact
    ? JSON.stringify([fact.sighting, 'person', fact.person])
    : JSON.stringify([...fact.sightings].sort());
}
