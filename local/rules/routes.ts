import { createEventRule, deleteEventRule, getEventRule, listEventRules } from './operations/event-rules.ts';
import type { Operation } from './operations/operation.ts';

export interface Route {
  readonly handle: Operation;
  /** What a RAM policy has to allow. */
  readonly action: string;
}

/** doc: the four actions for event rules of Mns-open 2022-01-19, by the name in `x-acs-action`. */
export const ROUTES: Readonly<Record<string, Route>> = {
  CreateEventRule: { handle: createEventRule, action: 'mns:PutEventNotifications' },
  GetEventRule: { handle: getEventRule, action: 'mns:GetEventRule' },
  ListEventRules: { handle: listEventRules, action: 'mns:ListEventRules' },
  DeleteEventRule: { handle: deleteEventRule, action: 'mns:DeleteEventRule' },
};
