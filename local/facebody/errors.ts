import { ACS3_ERRORS } from '../access/acs3.ts';
import { type ErrorTable, refusalOf } from '../http/refusal.ts';

/** doc: Alibaba Cloud's table of common error codes of face and body, unless a tag below says otherwise. */
const FACEBODY_ERRORS = {
  ...ACS3_ERRORS,
  AuthFailed: [403, 'The account is not authorized to use this service.'],
  ParameterError: [400, 'The parameter is invalid. Please check the documentation.'],
  'ClientError.IllegalArgument': [400, 'An argument is illegal.'],
  NoPermission: [403, 'You are not authorized to do this action.'],
  'EntityNotExist.Role': [400, 'The role does not exist.'],
  IllegalUrlParameter: [400, 'The image URL is illegal.'],
  InternalError: [500, 'An internal error occurred.'],
  'InternalError.Algo': [500, 'An algorithm error occurred.'],
  'InternalError.Timeout': [500, 'The algorithm timed out.'],
  ServiceUnavailable: [503, 'The service is unavailable.'],
  Timeout: [408, 'The request timed out.'],
  'InvalidAccessKeyId.Inactive': [400, 'Specified access key is disabled.'],
  InvalidAccessKeySecret: [400, 'The access key secret is invalid.'],
  'InvalidAction.NotFound': [404, 'Specified api is not found, please check your url and method.'],
  'InvalidApi.NotPurchase': [403, 'The api is not purchased.'],
  'InvalidApi.OutOfService': [400, 'The api is out of service.'],
  'InvalidApi.ForbiddenInvoke': [400, 'Calling the api is forbidden.'],
  'InvalidDB.Status': [400, 'The face database is frozen.'],
  'InvalidFile.Content': [400, 'The content of the file is invalid.'],
  'InvalidFile.Decode': [400, 'The file cannot be decoded.'],
  // doc: seen in the field, in questions put to the vendor.
  'InvalidFile.Size': [400, 'The file is too large.'],
  'InvalidFile.Resolution': [400, 'The resolution of the file is out of range.'],
  'InvalidImage.NotFoundFace': [404, 'input image not found face'],
  'InvalidImage.DownloadError': [400, 'The image cannot be downloaded.'],
  'InvalidImage.Region': [400, 'The image is not in the region of the service.'],
  'InvalidImage.Timeout': [400, 'Downloading the image timed out.'],
  'InvalidImage.URL': [400, 'The image URL is invalid.'],
  DBNameNotExist: [400, 'The face database does not exist.'],
  EntityNotExist: [400, 'The entity does not exist.'],
  DataNotExist: [400, 'The data does not exist.'],
  EntityIdAlreadyExist: [400, 'The entity id already exists.'],
  FaceCountExceed: [400, 'The entity holds as many faces as allowed.'],
  FaceImageCountExceed: [400, 'The face database holds as many faces as allowed.'],
  ExceedEntityLimit: [400, 'The face database holds as many entities as allowed.'],
  // doc: the vendor's article on throttling; guess: its status, after the codes of other products.
  Throttling: [400, 'Request was denied due to request throttling.'],
  'Throttling.User': [400, 'Request was denied due to user flow control.'],
  // doc: the common errors of the API gateway.
  // This server's own: an optional package is missing.
  NotImplemented: [501, 'The operation is not available.'],
  InvalidVersion: [400, 'Specified parameter Version is not valid.'],
  // guess: the name of the code.
  DBNameAlreadyExist: [400, 'The face database already exists.'],
} as const satisfies ErrorTable;

export type FaceBodyErrorCode = keyof typeof FACEBODY_ERRORS;

export class FaceBodyRefusal extends refusalOf('FaceBodyRefusal', FACEBODY_ERRORS) {}
