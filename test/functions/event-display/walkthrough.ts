/** The notification that the walk-through of MnsOss event sources shows; the last letters of some ids are hidden. */
export const NOTIFICATION = {
  events: [
    {
      eventName: 'ObjectCreated:PostObject',
      eventSource: 'acs:oss',
      eventTime: '2019-06-18T06:44:16.000Z',
      eventVersion: '1.0',
      oss: {
        bucket: {
          arn: 'acs:oss:cn-beijing:1041208914252405:testjian',
          name: 'testjian',
          ownerIdentity: '1041208914252405',
          virtualBucket: '',
        },
        object: {
          deltaSize: 0,
          eTag: '137138904F2E18D307D04EB38EA44CDA',
          key: 'timg.jpg',
          size: 12990,
        },
        ossSchemaVersion: '1.0',
        ruleId: 'demo-i0001',
      },
      region: 'cn-beijing',
      requestParameters: { sourceIPAddress: '42.120.70.100' },
      responseElements: { requestId: '5D08884070BC12B192C60001' },
      userIdentity: { principalId: '1041208914250001' },
    },
  ],
};

/** How it is printed there, below the line with the time. */
export const PRINTED = `{"events": [{
            "eventName": "ObjectCreated:PostObject",
            "eventSource": "acs:oss",
            "eventTime": "2019-06-18T06:44:16.000Z",
            "eventVersion": "1.0",
            "oss": {
                "bucket": {
                    "arn": "acs:oss:cn-beijing:1041208914252405:testjian",
                    "name": "testjian",
                    "ownerIdentity": "1041208914252405",
                    "virtualBucket": ""},
                "object": {
                    "deltaSize": 0,
                    "eTag": "137138904F2E18D307D04EB38EA44CDA",
                    "key": "timg.jpg",
                    "size": 12990},
                "ossSchemaVersion": "1.0",
                "ruleId": "demo-i0001"},
            "region": "cn-beijing",
            "requestParameters": {"sourceIPAddress": "42.120.70.100"},
            "responseElements": {"requestId": "5D08884070BC12B192C60001"},
            "userIdentity": {"principalId": "1041208914250001"}}]}
`;
