// A SurrealDB server of the old kind for tests: the real engine 3.0.2, which
// comes from npm without a server, behind the HTTP interface that a server of
// that version has. What the engine does is real; what this file does is to
// answer as real servers were seen to answer (3.3.5 side by side, and what is
// known of 3.0.5 where they differ).
//
//   node server.mjs --port 0 --user root --pass root memory|surrealkv:///path
//
// It prints {"port": N} when it is ready and ends on SIGTERM. One thing it
// cannot do: the binding does not carry a regex, so a query that returns one is
// answered with 400, though it ran.
import { createServer } from 'node:http';
import { NodeEngine } from '@surrealdb/node';
import { CborCodec, Uuid } from 'surrealdb';
import { json, read } from './values.mjs';

const options = { port: '0', user: 'root', pass: 'root' };
let store = 'mem://';
for (let args = process.argv.slice(2); args.length > 0;) {
  const arg = args.shift();
  if (arg.startsWith('--')) options[arg.slice(2)] = args.shift();
  else store = arg === 'memory' ? 'mem://' : arg;
}

// What the engine answers is a value, or a map with an error, which the
// binding looks for in an object.
const plain = (v) => v instanceof Map ? Object.fromEntries([...v].map(([k, x]) => [k, plain(x)])) : v;
const decode = (bytes) => {
  const value = read(bytes);
  return value instanceof Map && value.has('error') ? plain(value) : { value };
};
const encoder = new CborCodec({});
let calls = 0;
const engine = new NodeEngine({
  uniqueId: () => String(++calls),
  codecs: { cbor: { encode: (v) => encoder.encode(v), decode } },
}, { capabilities: { experimental: true } });
await new Promise((resolve, reject) => {
  engine.subscribe('connected', resolve);
  engine.subscribe('error', reject);
  engine.open({ url: new URL(store) });
});

// call sends a request of the engine's RPC; without a session, as the owner of
// everything, who alone uses the engine's own session.
const call = async (method, params = [], session) => (await engine.send({ method, params, session })).value;
const ask = async (sql) => plain((await call('query', [sql]))[0]).result;

await call('query', [`DEFINE USER IF NOT EXISTS \`${options.user}\` ON ROOT PASSWORD ${JSON.stringify(options.pass)} ROLES OWNER`]);
const version = await call('version');

// An Answer is what a handler throws to end a request.
class Answer extends Error {
  constructor(status, body = '', type = '') {
    super(String(status));
    Object.assign(this, { status, body, type });
  }
}
const page = (code, details, description, information) =>
  new Answer(code, json({ code, details, description, information }), 'application/json');
const denied = () => new Answer(401, 'There was a problem with authentication');
const forbidden = () => page(403, 'Forbidden', 'Not allowed to do this.', 'IAM error: Not enough permissions to perform this action');
const bad = (information) => page(400, 'Request problems detected',
  'There is a problem with your request. Refer to the documentation for further information.', information);

// The engine's own session has one place at a time: who needs it waits.
let last = Promise.resolve();
const alone = (f) => (last = last.then(f, f));

// tokens of those who signed in, so that not every request costs a hash.
const tokens = new Map();

async function enter(headers, session) {
  const [scheme, secret = ''] = (headers.authorization ?? '').split(' ');
  if (scheme === 'Bearer') return call('authenticate', [secret], session).catch(() => { throw denied(); });
  if (scheme !== 'Basic') throw forbidden();
  const [user, ...pass] = Buffer.from(secret, 'base64').toString().split(':');
  const who = { user, pass: pass.join(':') };
  if (headers['surreal-auth-ns']) who.ns = headers['surreal-auth-ns'];
  if (headers['surreal-auth-ns'] && headers['surreal-auth-db']) who.db = headers['surreal-auth-db'];
  const key = json(who);
  if (tokens.has(key) && await call('authenticate', [tokens.get(key)], session).then(() => true, () => false)) return;
  tokens.set(key, await call('signin', [who], session).catch(() => { throw denied(); }));
}

// place says where a request is to run, and what is missing there. Nobody may
// USE a name that does not exist: that would create it.
function place(headers) {
  let ns = headers['surreal-ns'], database = headers['surreal-db'];
  const [scheme, secret = ''] = (headers.authorization ?? '').split(' ');
  if (scheme === 'Bearer') { // a token's own place wins over what the headers say
    const claims = JSON.parse(Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString() || '{}');
    [ns, database] = [claims.NS ?? ns, claims.DB ?? database];
  } else if ((headers['surreal-auth-ns'] ?? ns) !== ns || (headers['surreal-auth-db'] ?? database) !== database) {
    throw denied(); // a user of one place, asking for another
  }
  return alone(async () => {
    const absent = (kind, name) => ({ ns, database, missing: { details: { details: { name }, kind }, kind: 'NotFound',
      result: `The ${kind.toLowerCase()} '${name}' does not exist`, status: 'ERR', time: '0ns', type: null } });
    if (ns && !(ns in (await ask('INFO FOR ROOT')).namespaces)) return absent('Namespace', ns);
    if (ns && database) {
      await call('use', [ns, null]);
      if (!(database in (await ask('INFO FOR NS')).databases)) return absent('Database', database);
    }
    return { ns, database };
  });
}

// inSession runs f in a session of its own, of the one who asks, at its place.
async function inSession(req, f) {
  const session = Uuid.v4();
  await call('attach', [], session);
  try {
    await enter(req.headers, session);
    const at = await place(req.headers);
    if (at.ns && !at.missing) await call('use', [at.ns, at.database ?? null], session);
    return await f(at, (text, vars) => call('query', [text, vars ?? {}], session));
  } finally {
    await call('detach', [], session);
  }
}

const refused = async (query, text) => (await query(text)).some((r) => r.get('kind') === 'NotAllowed');

const sql = (req, text, vars) => inSession(req, async (at, query) => {
  if (at.missing && !/^\s*(DEFINE\s+(NAMESPACE|DATABASE)|INFO\s+FOR\s+(ROOT|NS))/i.test(text)) {
    return json(text.split(';').filter((s) => s.trim()).map(() => at.missing));
  }
  return json(await query(text, vars).catch((error) => { throw bad(error.message); }));
});

const needsBoth = (at) => {
  if (!at.ns) throw bad('Specify a namespace to use');
  if (!at.database) throw bad('Specify a database to use');
};

const takeIn = (req, text) => inSession(req, async (at, query) => {
  needsBoth(at);
  if (!/^(\s|--[^\n]*\n)*OPTION\s+IMPORT\s*(=\s*true\s*)?;/i.test(text)) {
    throw bad('Invalid statement: Import requires `OPTION IMPORT;` as the first statement.');
  }
  if (at.missing) return json([at.missing]);
  if (await refused(query, 'REMOVE PARAM IF EXISTS $nobody_has_this')) throw forbidden(); // only who may edit may import
  return json(await load(query, text.replace(inserts, '$& RETURN NONE')));
});

// A server's import answers no rows; here they would have to be encoded, and a
// regex among them cannot be.
const inserts = /(?<=^|\n)INSERT (RELATION )?\[[^\n]*\](?=;(\n|$))/g;

// load runs a text and returns what failed. Where it cannot be parsed, what
// comes before is run nevertheless: a server reads an import as a stream.
async function load(query, text) {
  const failed = (results) => results.filter((r) => r.get('status') !== 'OK');
  try {
    return failed(await query(text));
  } catch (error) {
    const broken = { kind: 'Internal', result: error.message, status: 'ERR', time: '0ns', type: null };
    const [, line, column] = error.message.match(/--> \[(\d+):(\d+)\]/) ?? [];
    const lines = text.split('\n').slice(0, line ?? 0);
    let end = lines.join('\n').length - (lines.at(-1) ?? '').length + Number(column ?? 0);
    while ((end = text.lastIndexOf(';', end - 1)) > 0) {
      const results = await query(text.slice(0, end + 1)).catch(() => undefined);
      if (results) return [...failed(results), broken];
    }
    return [broken];
  }
}

const dump = (req, wanted) => inSession(req, async (at, query) => {
  needsBoth(at);
  if (at.missing) return ''; // as a real server does: an empty text, and a success
  if (await refused(query, 'INFO FOR DB')) throw forbidden();
  return alone(async () => {
    await call('use', [at.ns, at.database]);
    if (wanted.tables?.exclude) { // 3.0 has it, the binding has not
      wanted.tables = Object.keys((await ask('INFO FOR DB')).tables).filter((name) => !wanted.tables.exclude.includes(name));
    }
    const text = await engine.exportSql(wanted).catch((error) => { throw bad(error.message); });
    return text.text();
  });
});

function wishes(req, text) {
  if (!/^application\/json\b/.test(req.headers['content-type'] ?? '')) {
    throw new Answer(400, 'invalid HTTP header (content-type)', 'text/plain; charset=utf-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`Parse error: ${error.message}`);
  }
}

async function signIn(text) {
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    throw bad('The request body contains invalid data');
  }
  const session = Uuid.v4();
  await call('attach', [], session);
  try {
    return json({ code: 200, details: 'Authentication succeeded', token: await call('signin', [fields], session) });
  } catch (error) {
    throw page(401, 'Authentication failed', 'Your authentication details are invalid. Reauthenticate using valid authentication parameters.', error.message);
  } finally {
    await call('detach', [], session);
  }
}

const limits = { '/sql': 1 << 20, '/signin': 1 << 10 };

const routes = {
  '/health': { GET: () => new Answer(200) },
  '/ready': { GET: () => new Answer(200) },
  '/status': { GET: () => new Answer(200) },
  '/version': { GET: () => new Answer(200, version, 'text/plain; charset=utf-8') },
  '/signin': { POST: async (_, body) => new Answer(200, await signIn(body), 'application/json') },
  '/sql': { POST: async (req, body, url) => new Answer(200, await sql(req, body, Object.fromEntries(url.searchParams)), 'application/json') },
  '/import': { POST: async (req, body) => new Answer(200, await takeIn(req, body), 'application/json') },
  '/export': { GET: (req) => dump(req, {}), POST: (req, body) => dump(req, wishes(req, body)) },
};

async function answer(req, body) {
  const url = new URL(req.url, 'http://localhost'), route = routes[url.pathname];
  if (!route) throw new Answer(404);
  if (!route[req.method]) throw new Answer(405);
  if (body.length > (limits[url.pathname] ?? Infinity)) throw new Answer(413, 'length limit exceeded', 'text/plain; charset=utf-8');
  return route[req.method](req, body.toString(), url);
}

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, async (req, res) => {
  const chunks = [];
  try {
    for await (const chunk of req) chunks.push(chunk);
  } catch {
    return; // who asked went away in the middle
  }
  let out;
  try {
    out = await answer(req, Buffer.concat(chunks));
  } catch (error) {
    out = error instanceof Answer ? error : new Answer(500, String(error?.stack ?? error), 'text/plain; charset=utf-8');
  }
  const headers = out.status === 401 && !out.type ? {} : { 'surreal-version': version.replace('-', '/'), server: 'SurrealDB' };
  if (out.type) headers['content-type'] = out.type;
  if (typeof out !== 'string') {
    headers['content-length'] = Buffer.byteLength(out.body);
    return res.writeHead(out.status, headers).end(out.body);
  }
  // A dump comes in pieces, as a server streams it: a reader sees chunks and an end.
  res.writeHead(200, headers).flushHeaders();
  const text = Buffer.from(out);
  for (let i = 0; i < text.length && !res.destroyed; i += 1 << 16) {
    if (!res.write(text.subarray(i, i + (1 << 16)))) await new Promise((resolve) => res.once('drain', resolve).once('close', resolve));
  }
  res.end();
});
server.listen(Number(options.port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
server.on('error', (error) => { console.error(String(error)); process.exit(1); });
process.on('SIGTERM', async () => {
  server.close();
  await engine.close();
  process.exit(0);
});
