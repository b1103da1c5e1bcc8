import { ACS3_ERRORS } from '../access/acs3.ts';
import { refusalOf } from '../http/refusal.ts';

/** doc: the codes of RAM, STS and resource manager; those of signatures are the gateway's. */
const RAM_ERRORS = {
  ...ACS3_ERRORS,
  'DeleteConflict.Policy.Role': [409, 'The policy is attached to a role. Detach it first.'],
  'DeleteConflict.Role.Policy': [409, 'The role has policies. Detach them first.'],
  'EntityAlreadyExists.Policy': [409, 'The policy exists already.'],
  'EntityAlreadyExists.Role': [409, 'The role exists already.'],
  'EntityAlreadyExists.Role.Policy': [409, 'The policy is attached to the role already.'],
  'EntityNotExist.Policy': [404, 'The policy does not exist.'],
  'EntityNotExist.Policy.Version': [404, 'The policy has no such version.'],
  'EntityNotExist.Role': [404, 'The role does not exist.'],
  'EntityNotExist.Role.Policy': [404, 'The policy is not attached to the role.'],
  InternalError: [500, 'The request processing has failed due to some unknown error.'],
  'InvalidAction.NotFound': [404, 'Specified api is not found, please check your url and method.'],
  InvalidParameter: [400, 'A parameter is not valid.'],
  InvalidVersion: [400, 'Specified parameter Version is not valid.'],
  MalformedPolicyDocument: [400, 'The policy document is not valid.'],
  MissingParameter: [400, 'A parameter that is required was not given.'],
  NoPermission: [403, 'You are not authorized to do this action.'],
  NotImplemented: [501, 'The operation is not available in the local cloud.'],
  Throttling: [400, 'Request was denied due to request throttling.'],
} as const;

/** What RAM, STS and resource manager refuse. */
export class RamRefusal extends refusalOf('RamRefusal', RAM_ERRORS) {}
