import type { PolicyDocument } from '../../access/policy.ts';

const all = (...services: readonly string[]): PolicyDocument => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: services.map((service) => `${service}:*`), Resource: '*' }],
});

const INVOKE: PolicyDocument = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'fc:InvokeFunction', Resource: '*' }],
};

/** doc: the policies of the platform that deployments use; guess: those of the trigger roles hold what the trigger does. */
export const SYSTEM_POLICIES: Readonly<Record<string, PolicyDocument>> = {
  AdministratorAccess: all('*'),
  AliyunFCFullAccess: all('fc'),
  AliyunFCInvocationAccess: INVOKE,
  AliyunLogFullAccess: all('log'),
  AliyunMNSFullAccess: all('mns'),
  AliyunMNSNotificationRolePolicy: INVOKE,
  AliyunOSSEventNotificationRolePolicy: INVOKE,
  AliyunOSSFullAccess: all('oss'),
  AliyunRAMFullAccess: all('ram'),
  AliyunSTSAssumeRoleAccess: {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
  },
  AliyunVIAPIFullAccess: all('viapi-*'),
};
