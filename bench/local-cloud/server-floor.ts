// A server that does nothing. Its argument is ignored.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reportTo } from './report-memory.js';

const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-length': 2 }).end('ok'));
});
server.listen(0, '127.0.0.1', () => {
  reportTo(process, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
