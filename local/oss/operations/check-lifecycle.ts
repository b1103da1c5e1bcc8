import { childrenOf, type XmlElement } from '../../../shared/runtime/xml.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { malformedXml } from '../http/request.ts';
import { trimmedText } from './normalize-document.ts';
import { TAG_TEXT } from './template.ts';

const MAX_RULES = 1000;
const TRANSITION_CLASSES: readonly string[] = ['IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];
const NAMES_OF_TIME = ['Days', 'CreatedBeforeDate', 'Date'] as const;

/** Throws as the service does for rules that contradict themselves or each other. */
export function checkLifecycle(document: XmlElement): void {
  const rules = childrenOf(document, 'Rule');
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformedXml(`expected 1 to ${MAX_RULES} rules`);
  const ids = rules.flatMap((rule) => trimmedText(rule, 'ID') ?? []);
  if (new Set(ids).size < ids.length) throw invalidArgument('ID', '', 'Rule ID must be unique.');
  for (const rule of rules) checkRule(rule);
}

function checkRule(rule: XmlElement): void {
  const status = trimmedText(rule, 'Status');
  if (status !== 'Enabled' && status !== 'Disabled')
    throw malformedXml(`Status must be Enabled or Disabled, got ${status}`);
  // sdk: a tag that is too long is accepted; such a rule applies to no object.
  for (const tag of childrenOf(rule, 'Tag')) {
    for (const name of ['Key', 'Value']) {
      const text = trimmedText(tag, name) ?? '';
      if (!TAG_TEXT.test(text)) throw invalidArgument(`Tag${name}`, text);
    }
  }
  const [expiration] = childrenOf(rule, 'Expiration');
  const transitions = childrenOf(rule, 'Transition');
  for (const transition of transitions) checkTransition(transition, 'Days');
  for (const transition of childrenOf(rule, 'NoncurrentVersionTransition'))
    checkTransition(transition, 'NoncurrentDays');
  const timed = [...transitions, ...(expiration ? [expiration] : [])].filter(hasTime);
  if (new Set(timed.map(hasDays)).size > 1) {
    throw new OssRefusal('InvalidRequest', 'Days and CreatedBeforeDate cannot be mixed in one rule.');
  }
  checkOrder(transitions, 'Days');
  checkOrder(childrenOf(rule, 'NoncurrentVersionTransition'), 'NoncurrentDays');
  const days = transitions.filter(hasDays).map((transition) => Number(trimmedText(transition, 'Days')));
  const end = expiration && trimmedText(expiration, 'Days');
  if (end !== undefined && days.some((day) => day >= Number(end))) {
    throw invalidArgument('Days', end, 'Days in the Expiration must be greater than Days in the Transition.');
  }
}

/** Throws unless each colder class comes later than the warmer ones. */
function checkOrder(transitions: readonly XmlElement[], name: string): void {
  let last = 0;
  for (const storageClass of TRANSITION_CLASSES) {
    const transition = transitions.find((item) => trimmedText(item, 'StorageClass') === storageClass);
    const days = transition && trimmedText(transition, name);
    if (days === undefined) continue;
    if (Number(days) <= last) {
      throw invalidArgument(name, days, 'A colder class needs more days than a warmer one.');
    }
    last = Number(days);
  }
}

function checkTransition(transition: XmlElement, days: string): void {
  const storageClass = trimmedText(transition, 'StorageClass') ?? '';
  if (!TRANSITION_CLASSES.includes(storageClass)) throw invalidArgument('StorageClass', storageClass);
  const count = trimmedText(transition, days);
  if (count === undefined && !hasTime(transition)) throw malformedXml(`a transition needs ${days}`);
  if (count !== undefined && !/^[1-9]\d*$/.test(count)) throw invalidArgument(days, count);
}

function hasTime(element: XmlElement): boolean {
  return NAMES_OF_TIME.some((name) => trimmedText(element, name) !== undefined);
}

function hasDays(element: XmlElement): boolean {
  return trimmedText(element, 'Days') !== undefined;
}
