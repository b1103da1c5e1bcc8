import { groupVersion, type Resource } from './resource.ts';
import { isTree, type KubeObject, type Tree } from './types.ts';

/** Fields of an event in `v1`, and what `events.k8s.io/v1` calls them. */
const EVENT_FIELDS = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const;

/** The object in the resource's version. Versions of a CRD differ only in their name: conversion `None`. */
export function convertTo(resource: Resource, object: KubeObject): KubeObject {
  const apiVersion = groupVersion(resource);
  if (object.apiVersion === apiVersion) return object;
  const converted: Tree = { ...object, apiVersion };
  if (resource.storage === 'events') {
    const [from, to] = resource.group ? [0, 1] : [1, 0];
    for (const names of EVENT_FIELDS) {
      const value = converted[names[from]!];
      delete converted[names[from]!];
      if (value !== undefined) converted[names[to]!] = isTree(value) ? { ...value } : value;
    }
  }
  return converted as KubeObject;
}
