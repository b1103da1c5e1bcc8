// `knip` looks at everything. `knip --production` looks at what is shipped (`!`): there, tests and benchmarks are no use.
const isProduction = process.argv.includes('--production');

export default {
  entry: [
    'cli/{main,local-cloud}.ts!',
    'local/index.ts!',
    'functions/*/{fc,server}.ts!',
    'shared/faces/pictures/{main.ts,from-source.js}!',
    'shared/faces/index/vectors/{worker.ts,from-source.js}!',
    // Writes schemas, manifests and pages that are shipped.
    ...(isProduction ? ['scripts/docs.ts!'] : []),
    'scripts/!(docs).{ts,js}',
    'scripts/images/run.ts',
    'bench/**/*.ts',
    'bench/*/*.{ts,js,mjs}',
    'test/**/*.{test,bench}.ts',
    'test/**/vitest.config.ts',
    'test/conformance/{resolve-oss-local,table-reporter}.ts',
    'test/support/{run-folder,closing-line}.ts',
    'test/support/serverless-devs/fc3/index.js',
    'test/deploy/fc3/index.js',
    'local/gateway/redirect.cjs!',
  ],
  project: [
    '{cli,functions,local,shared}/**/*.{ts,js}!',
    'scripts/{docs,operations-page}.ts!',
    '{bench,test}/**/*.{ts,js}',
    'scripts/**/!(docs|operations-page).{ts,js}',
  ],
  // A unit may be exported for its test; what nobody imports, not even a test, is not exported.
  ignoreExportsUsedInFile: isProduction || { interface: true, type: true },
  ignoreBinaries: ['java', 'mount', 'mvn', 'umount', 'unshare'],
  // Programs, and models that are read as files: those of face-api by a script too.
  ignoreDependencies: [
    ...(isProduction ? ['@vladmandic/face-api'] : []),
    'faceplugin-face-recognition-js',
    's3rver',
    '@serverless-devs/s',
    '@stryker-mutator/vitest-runner',
    // The component of test:deploy loads them from the project.
    '@serverless-cd/srm-aliyun-ram20150501',
    '@serverless-cd/srm-aliyun-sls20201230',
  ],
};
