'use strict';

/**
 * Preloaded by `NODE_OPTIONS=--require <this file>`: every connection of the process to a host of Alibaba Cloud goes to the
 * local cloud instead, also where a client has the host name built in. LOCAL_CLOUD_HTTP and LOCAL_CLOUD_HTTPS are the
 * ports on this machine.
 */

const { Server, Socket } = require('node:net');

const PORTS = { 80: process.env.LOCAL_CLOUD_HTTP, 443: process.env.LOCAL_CLOUD_HTTPS };
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...given) {
  // Node passes normalized arguments as one array.
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  const port = options && typeof options === 'object' && isCloud(options.host) && PORTS[options.port || 443];
  if (!port) return connect.apply(this, given);
  const { lookup: _, ...others } = options;
  const moved = { ...others, host: '127.0.0.1', port: Number(port) };
  if (!Array.isArray(given[0])) return connect.call(this, moved, ...given.slice(1));
  // The array carries a mark of Node's own that says that it is normalized.
  given[0][0] = moved;
  return connect.apply(this, given);
};

function isCloud(host) {
  return typeof host === 'string' && /\.aliyuncs\.com$/i.test(host);
}

/**
 * A program of a custom runtime may have its port built in, but its instances share this machine. LOCAL_CLOUD_LISTEN is
 * `<built in>:<the port of this instance>`.
 */
const [builtIn, own] = (process.env.LOCAL_CLOUD_LISTEN ?? '').split(':').map(Number);
const { listen } = Server.prototype;

if (own > 0) {
  Server.prototype.listen = function (...given) {
    const [first] = given;
    if (Number(first) === builtIn) given[0] = own;
    else if (first && typeof first === 'object' && Number(first.port) === builtIn)
      given[0] = { ...first, port: own };
    return listen.apply(this, given);
  };
}
