import { LogRefusal } from '../errors.ts';
import type { Project } from '../store/log-store.ts';
import { fieldsOf, isoNow, type Operation, type OperationDeps, projectOf } from './operation.ts';

export const createProject: Operation = async (request, deps) => {
  const { projectName, description = '' } = fieldsOf(request);
  const name = String(projectName);
  // doc: the rule for names.
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name)) {
    throw new LogRefusal(
      'ParameterInvalid',
      `project name ${name} should have 3 to 63 of a-z, 0-9 and hyphens`,
    );
  }
  if (deps.store.project(name)) throw new LogRefusal('ProjectAlreadyExist', `Project ${name} already exist`);
  const project = { name, description: String(description), created: isoNow(deps), logstores: [] };
  await deps.store.putProject(project);
  return {};
};

export const getProject: Operation = (request, deps) => ({ body: describe(projectOf(request, deps), deps) });

export const listProjects: Operation = (_, deps) => {
  const projects = deps.store.projects().map((project) => describe(project, deps));
  return { body: { count: projects.length, total: projects.length, projects } };
};

export const deleteProject: Operation = async (request, deps) => {
  const { name, logstores } = projectOf(request, deps);
  for (const logstore of logstores) await deps.store.deleteLogs(name, logstore.name);
  await deps.store.deleteProject(name);
  return {};
};

function describe({ name, description, created }: Project, { region, accountId }: OperationDeps) {
  return {
    projectName: name,
    description,
    region,
    owner: accountId,
    status: 'Normal',
    createTime: created,
    lastModifyTime: created,
  };
}
