import { ACS3_ERRORS } from '../access/acs3.ts';
import { refusalOf } from '../http/refusal.ts';

/** guess: the codes of Mns-open; those of signatures and throttling are the gateway's. */
const RULE_ERRORS = {
  ...ACS3_ERRORS,
  EventRuleNotExist: [404, 'The event rule does not exist.'],
  InternalError: [500, 'The request processing has failed due to some unknown error.'],
  'InvalidAction.NotFound': [404, 'Specified api is not found, please check your url and method.'],
  InvalidParameter: [400, 'A parameter is not valid.'],
  InvalidVersion: [400, 'Specified parameter Version is not valid.'],
  MissingParameter: [400, 'A parameter that is required was not given.'],
  NoPermission: [403, 'You are not authorized to do this operation.'],
  Throttling: [400, 'Request was denied due to request throttling.'],
} as const;

export class RuleRefusal extends refusalOf('RuleRefusal', RULE_ERRORS) {}
