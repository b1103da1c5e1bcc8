/** Where the logs of the functions are. */
export interface LogSource {
  readonly region: string;
  readonly project: string;
  readonly logstore: string;
  /** The function that recognises faces. */
  readonly functionName: string;
}

/** One chart. The columns are those of its query. */
interface Panel {
  readonly title: string;
  readonly query: string;
  readonly x: string;
  readonly y: readonly string[];
  readonly unit?: 'ms';
}

interface Alarm {
  readonly name: string;
  readonly title: string;
  readonly query: string;
  /** The alarm fires if this is true for the row that the query returns. */
  readonly condition: string;
  /** doc: 8 is high, 6 is medium. */
  readonly severity: 6 | 8;
}

/** Our lines are JSON; the platform's own lines in the same store are not. */
const OURS = `message LIKE '{"level"%'`;
const field = (name: string) => `json_extract_scalar(message, '$.${name}')`;
const numberField = (name: string) => `CAST(${field(name)} AS double)`;

/** The charts, in the order in which they are shown. */
function panelsOf(functionName: string): readonly Panel[] {
  const from = (columns: string, where: string, rest: string) =>
    `functionName: "${functionName}" | SELECT ${columns} FROM log WHERE ${where} ${rest}`;
  const perMinute = (columns: string, where: string, group = '') =>
    from(
      `date_trunc('minute', __time__) AS minute, ${columns}`,
      where,
      `GROUP BY minute${group} ORDER BY minute LIMIT 10000`,
    );
  const images = `${OURS} AND ${field('msg')} = 'image'`;
  return [
    {
      title: 'Images per minute, by outcome',
      query: perMinute(`${field('outcome')} AS outcome, count(*) AS images`, images, ', outcome'),
      x: 'minute',
      y: ['images'],
    },
    {
      title: 'Faces per minute',
      query: perMinute(`sum(${numberField('faces')}) AS faces`, images),
      x: 'minute',
      y: ['faces'],
    },
    {
      title: 'Time per image',
      query: perMinute(
        `approx_percentile(${numberField('ms')}, 0.5) AS p50, approx_percentile(${numberField('ms')}, 0.95) AS p95`,
        images,
      ),
      x: 'minute',
      y: ['p50', 'p95'],
      unit: 'ms',
    },
    {
      title: 'Errors and warnings, by code',
      query: from(
        `${field('code')} AS code, count(*) AS lines`,
        `${OURS} AND ${field('level')} IN ('error', 'warn')`,
        'GROUP BY code ORDER BY lines DESC LIMIT 100',
      ),
      x: 'code',
      y: ['lines'],
    },
    {
      title: 'Cold starts per minute',
      query: perMinute('count(*) AS starts', `message LIKE 'FC Initialize Start%'`),
      x: 'minute',
      y: ['starts'],
    },
    {
      title: 'Failed invocations per minute',
      query: perMinute('count(*) AS failed', `message LIKE 'FC Invoke End%Error%'`),
      x: 'minute',
      y: ['failed'],
    },
  ];
}

function alarmsOf(functionName: string): readonly Alarm[] {
  const count = (where: string) =>
    `functionName: "${functionName}" | SELECT count(*) AS found FROM log WHERE ${where}`;
  return [
    {
      name: 'mnsoss-face-errors',
      title: 'Errors of face-recognition',
      query: count(`${OURS} AND ${field('level')} = 'error'`),
      condition: 'found > 0',
      severity: 8,
    },
    {
      name: 'mnsoss-face-failed-invocations',
      title: 'Failed invocations of face-recognition',
      query: count(`message LIKE 'FC Invoke End%Error%'`),
      condition: 'found > 3',
      severity: 8,
    },
    {
      name: 'mnsoss-face-slow-images',
      title: 'Images that take longer than a minute',
      query: count(`${OURS} AND ${field('msg')} = 'image' AND ${numberField('ms')} > 60000`),
      condition: 'found > 0',
      severity: 6,
    },
  ];
}

/** The body of CreateDashboard of Log Service. */
export function logServiceDashboard({ logstore, functionName }: LogSource): object {
  const charts = panelsOf(functionName).map(({ title, query, x, y }, index) => ({
    title,
    type: x === 'minute' ? 'line' : 'bar',
    search: { logstore, topic: '', query, start: '-86400s', end: 'now' },
    display: {
      displayName: title,
      xAxis: [x],
      yAxis: y,
      xPos: (index % 2) * 12,
      yPos: Math.floor(index / 2) * 8,
      width: 12,
      height: 8,
    },
  }));
  return {
    dashboardName: 'mnsoss-face',
    displayName: 'mnsoss-face',
    description: 'Images, faces, times and errors',
    charts,
  };
}

/** The bodies of CreateAlert of Log Service. They notify whom the default policy of the account names. */
export function logServiceAlerts({ region, project, logstore, functionName }: LogSource): object[] {
  return alarmsOf(functionName).map(({ name, title, query, condition, severity }) => ({
    name,
    displayName: title,
    description: title,
    status: 'ENABLED',
    schedule: { type: 'FixedRate', interval: '5m', delay: 30, runImmediately: true },
    configuration: {
      version: '2.0',
      type: 'default',
      dashboard: 'mnsoss-face',
      queryList: [
        {
          storeType: 'log',
          region,
          project,
          store: logstore,
          query,
          start: '-300s',
          end: 'now',
          timeSpanType: 'Relative',
          chartTitle: title,
        },
      ],
      groupConfiguration: { type: 'no_group', fields: [] },
      joinConfigurations: [],
      severityConfigurations: [{ severity, evalCondition: { condition, countCondition: '' } }],
      threshold: 1,
      noDataFire: false,
      sendResolved: true,
      autoAnnotation: true,
      labels: [{ key: 'application', value: 'mnsoss-face' }],
      annotations: [{ key: 'title', value: title }],
      policyConfiguration: { alertPolicyId: 'sls.builtin.dynamic', actionPolicyId: '', repeatInterval: '4h' },
    },
  }));
}

/** doc: the type of the official plugin of Log Service for Grafana. */
const DATA_SOURCE = { type: 'aliyun-log-service-datasource', uid: '$' + '{DS_SLS}' };

/** A dashboard to import into Grafana, which asks for the data source. */
export function grafanaDashboard({ functionName }: LogSource): object {
  const panels = panelsOf(functionName).map(({ title, query, x, y, unit }, index) => ({
    id: index + 1,
    title,
    type: x === 'minute' ? 'timeseries' : 'barchart',
    datasource: DATA_SOURCE,
    gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
    fieldConfig: { defaults: unit ? { unit } : {}, overrides: [] },
    targets: [{ refId: 'A', datasource: DATA_SOURCE, query, xcol: x, ycol: y.join(',') }],
  }));
  return {
    __inputs: [
      {
        name: 'DS_SLS',
        label: 'Log Service',
        type: 'datasource',
        pluginId: DATA_SOURCE.type,
        pluginName: 'Log Service',
      },
    ],
    title: 'mnsoss-face',
    uid: 'mnsoss-face',
    tags: ['mnsoss-face'],
    timezone: 'browser',
    schemaVersion: 39,
    time: { from: 'now-24h', to: 'now' },
    refresh: '1m',
    panels,
  };
}
